import { after, type TestContext } from 'node:test'
import type { WorkLoopOptions } from '../../src/thread/work-options.ts'
import { startWorkshop, type Workshop } from '../start-workshop.ts'
import { runWorkLoop } from './run-work-loop.ts'

/** A lease that is renewed only after 20 s, so the worker does not notice earlier changes. */
export const longLease = { LEASE_MS: '60000' }

/** One workshop for all tests of a file. */
export const shared = await startWorkshop({ after }, longLease)

async function deleteTasks() {
  const { taskDb } = shared.clients
  const { body } = await taskDb.listTasks({ querystring: {} })
  for (const { id } of body.tasks) await taskDb.deleteTask({ params: { id } })
}

/** Runs the loop until the test ends, and then deletes its tasks. */
export function work(t: TestContext, workshop: Workshop, options: Partial<WorkLoopOptions> = {}) {
  const loop = runWorkLoop(workshop, options)
  if (workshop === shared) t.after(() => loop.drain().then(deleteTasks))
  else workshop.defer(loop.drain)
  return loop
}
