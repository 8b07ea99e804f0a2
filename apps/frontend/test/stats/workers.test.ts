import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Task } from '@darkroom/contracts'
import { describeWorkers } from '../../src/stats/workers.ts'

test('workers are listed with their work, without the credentials in their URLs, also if they are not registered', () => {
  const registration = { url: 'http://me:secret@worker:8086/', worker: 'registered', threads: 2 }
  const lease = (worker: string) => ({ token: 1, worker, expiresAt: '2026-01-31T10:00:00Z' })
  const tasks = [
    { id: 'one', attempts: 1, lease: lease('registered/1') },
    { id: 'two', attempts: 2, lease: lease('unknown/3') },
  ] as Task[]
  assert.deepEqual(describeWorkers([{ service: 'image-worker', instance: 'a', registration }], tasks), [
    {
      ...{ name: 'registered', isRegistered: true, url: 'http://worker:8086', threads: 2, decodes: [] },
      work: [{ thread: 'registered/1', image: 'one', attempt: 1 }],
    },
    {
      ...{ name: 'unknown', isRegistered: false, decodes: [] },
      work: [{ thread: 'unknown/3', image: 'two', attempt: 2 }],
    },
  ])
})
