// Creates, claims and finishes tasks in the store at argv[2], and prints each acknowledged change.
import { SqliteTaskStore } from '../../src/engine/sqlite/sqlite.ts'
import { facts, newTask, taskId } from '../sample-tasks.ts'

const store = new SqliteTaskStore({ path: String(process.argv[2]) })
let created = 0
for (let loop = 0; loop < 4; loop += 1) {
  createOn()
  workOn()
}

async function createOn(): Promise<void> {
  for (;;) {
    const { task } = await store.create(taskId(++created), newTask())
    report(task.id, task.state)
  }
}

async function workOn(): Promise<void> {
  for (;;) {
    const task = await store.claim('worker-1', 3_600_000)
    if (!task) {
      await new Promise(setImmediate)
      continue
    }
    report(task.id, task.state)
    await store.apply(task.id, { type: 'finish', token: task.claims, result: facts })
    report(task.id, 'finished')
  }
}

function report(id: string, state: string): void {
  process.stdout.write(`${id} ${state}\n`)
}
