import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Task, type TaskState, taskStates } from '@darkroom/contracts'
import fc from 'fast-check'
import type { Outcome } from '../src/event-outcome.ts'
import { beginTask, type StateEvent, type TaskEvent, transition } from '../src/transitions.ts'
import { error, facts, ManualClock, newTask, taskId } from './sample-tasks.ts'

/** The allowed transitions, written again so that a mistake in the table is noticed. */
const reachable: Readonly<Record<TaskState, readonly TaskState[]>> = {
  'not-started': ['in-progress'],
  'in-progress': ['not-started', 'in-progress', 'finished', 'failed'],
  finished: [],
  failed: ['not-started'],
}

interface Move {
  type: StateEvent['type']
  /** How far the token is behind the newest. */
  tokenOffset: number
  retryable: boolean
  leaseMs: number
  /** How long after the previous move. */
  pauseMs: number
}

interface Step {
  before: Task
  event: TaskEvent
  now: Date
  outcome: Outcome
  after: Task
}

const move: fc.Arbitrary<Move> = fc.record({
  type: fc.constantFrom(
    'claim',
    'claim',
    'claim',
    'renew',
    'finish',
    'fail',
    'fail',
    'return',
    'expire',
    'retry',
  ),
  tokenOffset: fc.constantFrom(0, 0, 0, 0, -1, 1),
  retryable: fc.boolean(),
  leaseMs: fc.constantFrom(100, 1000),
  pauseMs: fc.constantFrom(0, 1, 150, 1500),
})
const histories = fc.record({
  maxAttempts: fc.integer({ min: 1, max: 4 }),
  moves: fc.array(move, { maxLength: 40 }),
})

function play({ maxAttempts, moves }: { maxAttempts: number; moves: Move[] }): Step[] {
  const clock = new ManualClock()
  let task = beginTask(taskId(1), newTask({ maxAttempts }), clock.now())
  return moves.map(move => {
    clock.advance(move.pauseMs)
    const before = task
    const event = toEvent(move, before.claims)
    const outcome = transition(before, event, clock.now())
    task = outcome.kind === 'changed' ? outcome.task : before
    return { before, event, now: clock.now(), outcome, after: task }
  })
}

function toEvent({ type, tokenOffset, retryable, leaseMs }: Move, newestToken: number): StateEvent {
  const token = newestToken + tokenOffset
  switch (type) {
    case 'claim':
      return { type, worker: 'worker-1', leaseMs }
    case 'renew':
      return { type, token, leaseMs }
    case 'finish':
      return { type, token, result: facts }
    case 'fail':
      return { type, token, error, retryable }
    case 'return':
      return { type, token }
    case 'expire':
    case 'retry':
      return { type }
  }
}

function law(name: string, check: (step: Step) => void): void {
  test(name, () => {
    fc.assert(
      fc.property(histories, history => {
        for (const step of play(history)) check(step)
      }),
      { numRuns: 500 },
    )
  })
}

suite('in any history', () => {
  test('the generated histories contain every state and every outcome of every event', () => {
    const steps = fc.sample(histories, { numRuns: 500, seed: 1 }).flatMap(play)
    const states = new Set(steps.map(({ after }) => after.state))
    assert.deepEqual(states, new Set(taskStates))
    const outcomes = new Set(steps.map(({ event, outcome }) => `${event.type} ${outcome.kind}`))
    for (const type of ['finish', 'fail', 'return']) {
      for (const kind of ['changed', 'repeated', 'refused']) assert.ok(outcomes.has(`${type} ${kind}`))
    }
    for (const type of ['claim', 'renew', 'expire', 'retry']) {
      assert.ok(outcomes.has(`${type} changed`) && outcomes.has(`${type} refused`))
      assert.ok(!outcomes.has(`${type} repeated`))
    }
  })

  law('the state changes only as the table of transitions allows', ({ before, after, outcome }) => {
    if (outcome.kind === 'changed') assert.ok(reachable[before.state].includes(after.state))
    else assert.equal(after, before)
  })

  law(
    'a task that has ended does not change, unless it failed and is retried',
    ({ before, event, outcome }) => {
      if (before.state === 'failed') assert.equal(outcome.kind === 'changed', event.type === 'retry')
      if (before.state === 'finished') assert.notEqual(outcome.kind, 'changed')
    },
  )

  law('a retried task is like a new task, except for its tokens', step => {
    const { before, event, outcome } = step
    if (event.type !== 'retry' || outcome.kind !== 'changed') return
    const { id, createdAt, claims, maxAttempts } = before
    const begun = beginTask(id, newTask({ maxAttempts }), new Date(createdAt))
    const { retriedAt, ...rest } = outcome.task
    assert.deepEqual(rest, { ...begun, claims, version: before.version + 1 })
    assert.ok(retriedAt)
  })

  law('attempts are never more than allowed, and only a claim begins one', ({ before, after, event }) => {
    assert.ok(after.attempts >= 0 && after.attempts <= after.maxAttempts)
    if (event.type !== 'claim') assert.ok(after.attempts <= before.attempts)
  })

  law('only a returned task gets its attempt back', ({ before, after, event, outcome }) => {
    if (event.type === 'retry') return
    const isHandedBack = event.type === 'return' && outcome.kind === 'changed'
    assert.equal(after.attempts < before.attempts, isHandedBack)
    if (isHandedBack) assert.equal(after.attempts, before.attempts - 1)
  })

  law(
    'each claim returns the next fencing token, and no other event does',
    ({ before, after, event, outcome }) => {
      const isClaimed = event.type === 'claim' && outcome.kind === 'changed'
      assert.equal(after.claims, before.claims + (isClaimed ? 1 : 0))
      if (after.lease) assert.equal(after.lease.token, after.claims)
    },
  )

  law('an event with an old token is refused', ({ before, event, outcome }) => {
    if ('token' in event && event.token !== before.claims) assert.equal(outcome.kind, 'refused')
  })

  law('the version grows by one with each change of state, and never otherwise', ({ before, after }) => {
    assert.equal(after.version - before.version, after.state === before.state ? 0 : 1)
  })

  law(
    'only finished tasks have a result, only failed tasks an error, only tasks in progress a lease',
    ({ after }) => {
      assert.equal(after.result !== undefined, after.state === 'finished')
      assert.equal(after.error !== undefined, after.state === 'failed')
      assert.equal(after.lease !== undefined, after.state === 'in-progress')
      assert.equal(after.finishedAt !== undefined, after.state === 'finished' || after.state === 'failed')
    },
  )

  law('a lease never expires early', ({ before, event, now, outcome }) => {
    if (event.type === 'expire' && outcome.kind === 'changed') {
      assert.ok(before.lease && new Date(before.lease.expiresAt) <= now)
    }
  })

  law('the fields that the creator of a task set never change', ({ before, after }) => {
    for (const name of ['id', 'operations', 'original', 'maxAttempts', 'createdAt'] as const) {
      assert.deepEqual(after[name], before[name])
    }
  })

  law('a task starts with its first claim since it was created or retried', step => {
    const { before, after, event, outcome, now } = step
    const { startedAt } = before
    if (outcome.kind !== 'changed') return
    const claimedAt = event.type === 'claim' ? now.toISOString() : undefined
    assert.equal(after.startedAt, event.type === 'retry' ? undefined : (startedAt ?? claimedAt))
  })

  law('a repeated message is acknowledged, and changes nothing the second time', step => {
    const { event, outcome, now } = step
    if (outcome.kind !== 'changed' || !('token' in event) || event.type === 'renew') return
    assert.deepEqual(transition(outcome.task, event, now), { kind: 'repeated', task: outcome.task })
  })

  law('a message that is acknowledged as repeated still applies', ({ after, event, outcome }) => {
    if (outcome.kind !== 'repeated') return
    assert.equal(outcome.task, after)
    if (event.type === 'finish') assert.equal(after.state, 'finished')
    if (event.type === 'fail' && !event.retryable) assert.equal(after.state, 'failed')
    if (event.type === 'return') assert.equal(after.state, 'not-started')
  })

  law('the task that is passed in is not modified', ({ before, event, now }) => {
    const copy = structuredClone(before)
    transition(before, event, now)
    assert.deepEqual(before, copy)
  })
})

suite('a sequence of events', () => {
  const clock = new ManualClock()
  const begun = (maxAttempts: number) => beginTask(taskId(1), newTask({ maxAttempts }), clock.now())
  const claimed = (maxAttempts = 3) =>
    changed(transition(begun(maxAttempts), { type: 'claim', worker: 'worker-1', leaseMs: 1000 }, clock.now()))

  test('a claim leases the task from now on', () => {
    const task = claimed()
    assert.deepEqual([task.state, task.attempts, task.version], ['in-progress', 1, 2])
    assert.deepEqual(task.lease, {
      token: 1,
      worker: 'worker-1',
      expiresAt: '2026-01-01T00:00:01.000Z',
      since: '2026-01-01T00:00:00.000Z',
      durationMs: 1000,
    })
    assert.equal(task.startedAt, '2026-01-01T00:00:00.000Z')
  })

  test('a renewed lease lasts from now on', () => {
    const later = new Date(clock.now().getTime() + 900)
    const task = changed(transition(claimed(), { type: 'renew', token: 1, leaseMs: 5000 }, later))
    assert.equal(task.lease?.expiresAt, '2026-01-01T00:00:05.900Z')
  })

  test('a retryable failure waits for the next attempt, until no attempt is left', () => {
    const failure: TaskEvent = { type: 'fail', token: 1, error, retryable: true }
    assert.equal(changed(transition(claimed(2), failure, clock.now())).state, 'not-started')
    const last = changed(transition(claimed(1), failure, clock.now()))
    assert.deepEqual([last.state, last.error], ['failed', error])
  })

  test('a lease that runs out on the last attempt fails the task, and names the worker', () => {
    const later = new Date(clock.now().getTime() + 1000)
    const task = changed(transition(claimed(1), { type: 'expire' }, later))
    assert.equal(task.state, 'failed')
    assert.match(
      String(task.error?.detail),
      /worker-1 stopped renewing its lease .* \(attempt 1, the last\)$/,
    )
  })

  test('a failure that is not retryable is refused if it comes after the lease was lost', () => {
    const later = new Date(clock.now().getTime() + 1000)
    const lost = changed(transition(claimed(), { type: 'expire' }, later))
    const failure: TaskEvent = { type: 'fail', token: 1, error, retryable: false }
    assert.equal(transition(lost, failure, later).kind, 'refused')
  })
})

function changed(outcome: Outcome): Task {
  if (outcome.kind !== 'changed') assert.fail(JSON.stringify(outcome))
  return outcome.task
}
