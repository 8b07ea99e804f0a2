import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { problemType } from '@darkroom/contracts'
import { type Owner, startProgram, until } from '@darkroom/testing'
import { startWorkshop } from '../start-workshop.ts'

const script = fileURLToPath(new URL('pool-process.ts', import.meta.url))

test('fault: an image that crashes the process fails, and another image of the same process does not', async t => {
  const workshop = await startWorkshop(t, { LEASE_MS: '2000' })
  const crashing = await workshop.addTask('crash the process after a second')
  const innocent = await workshop.addTask('take two seconds')
  restartWhenKilled(t, String(workshop.env.KV_URL))
  const { attempts, error } = await workshop.untilState(crashing, 'failed')
  assert.deepEqual([attempts, error?.type], [3, problemType('worker-lost')])
  const { state } = await until('the other image has ended', async () => {
    const task = await workshop.taskOf(innocent)
    return (task.state === 'finished' || task.state === 'failed') && task
  })
  assert.equal(state, 'finished')
})

/** Runs the process until the test ends, and starts it again whenever it was killed. */
function restartWhenKilled(owner: Owner, kvUrl: string): void {
  let isOver = false
  owner.after(() => {
    isOver = true
  })
  const start = (): void => {
    if (isOver) return
    void startProgram(owner, [process.execPath, script, kvUrl]).ended.then(start)
  }
  start()
}
