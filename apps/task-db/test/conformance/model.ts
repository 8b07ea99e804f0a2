import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Task, type TaskStats, taskStates } from '@darkroom/contracts'
import fc from 'fast-check'
import type { TaskStore } from '../../src/engine/engine.ts'
import { beginTask, type TaskEvent, transition } from '../../src/transitions.ts'
import { error, facts, ManualClock, newTask, taskId } from '../sample-tasks.ts'
import { leaseMs, type OpenEngine } from './open-engine.ts'

const numbers = 6
const number = fc.integer({ min: 1, max: numbers })
const tokenOffset = fc.constantFrom(0, 0, 0, -1)
const action = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('create' as const), number }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('claim' as const) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom('renew', 'finish', 'fail', 'fail for good', 'return', 'retry'),
      number,
      tokenOffset,
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('let leases run out' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), number }) },
)
type Action = typeof action extends fc.Arbitrary<infer Value> ? Value : never

export function modelIsFollowed(openEngine: OpenEngine): void {
  test('after any operations, tasks follow the table of transitions, and are listed and counted exactly', async t => {
    const clock = new ManualClock()
    const store = await openEngine(t, clock)
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 40 }), async actions => {
        for (let number = 1; number <= numbers; number += 1) await store.delete(taskId(number))
        const model = new Map<string, Task>()
        for (const action of actions) {
          clock.advance(1)
          await act(store, model, action, clock)
        }
        const tasks = [...model.values()].sort((a, b) => (a.id < b.id ? 1 : -1))
        assert.deepEqual((await store.list({ limit: 100 })).tasks, tasks)
        assert.deepEqual(await store.stats(), countStates(tasks))
      }),
      { numRuns: 40 },
    )
  })
}

/** Does the same to the store and the model, and compares their results. */
async function act(store: TaskStore, model: Map<string, Task>, action: Action, clock: ManualClock) {
  switch (action.do) {
    case 'create': {
      const id = taskId(action.number)
      const known = model.get(id)
      const task = known ?? beginTask(id, newTask({ maxAttempts: 2 }), clock.now())
      model.set(id, task)
      return assert.deepEqual(await store.create(id, newTask({ maxAttempts: 2 })), { isNew: !known, task })
    }
    case 'claim': {
      const waiting = [...model.values()].filter(({ state }) => state === 'not-started')
      const oldest = waiting.sort((a, b) => (a.id < b.id ? -1 : 1))[0]
      if (oldest) change(model, oldest, { type: 'claim', worker: 'worker-1', leaseMs }, clock)
      return assert.deepEqual(await store.claim('worker-1', leaseMs), oldest && model.get(oldest.id))
    }
    case 'let leases run out': {
      clock.advance(leaseMs)
      const leased = [...model.values()].filter(({ lease }) => lease)
      for (const task of leased) change(model, task, { type: 'expire' }, clock)
      return assert.equal((await store.expireLeases()).length, leased.length)
    }
    case 'delete':
      return assert.equal(await store.delete(taskId(action.number)), model.delete(taskId(action.number)))
    default: {
      const task = model.get(taskId(action.number))
      const event = toEvent(action.do, (task?.claims ?? 1) + action.tokenOffset)
      const expected = task && change(model, task, event, clock)
      return assert.deepEqual(await store.apply(taskId(action.number), event), expected)
    }
  }
}

function change(model: Map<string, Task>, task: Task, event: TaskEvent, clock: ManualClock) {
  const outcome = transition(task, event, clock.now())
  if (outcome.kind === 'changed') model.set(task.id, outcome.task)
  return outcome
}

function toEvent(message: string, token: number): TaskEvent {
  switch (message) {
    case 'renew':
      return { type: 'renew', token, leaseMs }
    case 'finish':
      return { type: 'finish', token, result: facts }
    case 'return':
      return { type: 'return', token }
    case 'retry':
      return { type: 'retry' }
    default:
      return { type: 'fail', token, error, retryable: message === 'fail' }
  }
}

function countStates(tasks: Task[]): TaskStats {
  const counts = taskStates.map(state => [state, tasks.filter(task => task.state === state).length])
  const oldest = tasks.findLast(({ state }) => state === 'not-started')
  return {
    ...(Object.fromEntries(counts) as TaskStats),
    ...(oldest && { oldestNotStartedAt: oldest.createdAt }),
  }
}
