import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TaskChangeLine } from '@darkroom/contracts'
import { RecordedEnds } from '../../src/events/recorded-ends.ts'

/** A recording, and the function that sends its feed a change. */
function record({ isOpen = true } = {}) {
  const listeners = new Set<(change: TaskChangeLine) => void>()
  const recording = new RecordedEnds({
    isOpen,
    listen: listener => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  })
  const send = (change: object) => {
    for (const listener of listeners) listener(change as TaskChangeLine)
  }
  return { recording, send, listeners }
}

const stored = (id: string, state: string) => ({ kind: 'stored', id, version: 2, state })

test('a recording excludes tasks that did not end, and no others', () => {
  const { recording, send } = record()
  send(stored('begun', 'in-progress'))
  send(stored('finished', 'finished'))
  send(stored('failed', 'failed'))
  send({ kind: 'deleted', id: 'deleted' })
  const excluded = ['begun', 'finished', 'failed', 'deleted', 'other'].filter(id => recording.excludes(id))
  assert.deepEqual(excluded, ['begun', 'other'])
})

test('a recording excludes nothing while the feed is not open, or after changes were missed', () => {
  assert.equal(record({ isOpen: false }).recording.excludes('id'), false)
  const { recording, send } = record()
  send({ kind: 'unknown' })
  assert.equal(recording.excludes('id'), false)
})

test('a recording with many ends stops, and excludes nothing', () => {
  const { recording, send, listeners } = record()
  for (let n = 0; n < 1000; n++) send(stored(`task-${n}`, 'finished'))
  assert.equal(recording.excludes('id'), true)
  send(stored('one-more', 'finished'))
  assert.deepEqual([recording.excludes('id'), listeners.size], [false, 0])
})

test('a recording that was stopped leaves no listener', () => {
  const { recording, listeners } = record()
  recording.stop()
  assert.equal(listeners.size, 0)
})
