import assert from 'node:assert/strict'
import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  freePort,
  httpRequest,
  inMountNamespace,
  mainOf,
  mountsAreMissing,
  startProgram,
  temporaryFolder,
  untilAlive,
} from '@darkroom/testing'
import { taskId } from '../sample-tasks.ts'
import { createTask } from './postgres/service.ts'

test('fault: the disk has no free byte: tasks can still be deleted, and new tasks are refused with 503', {
  skip: mountsAreMissing(),
}, async t => {
  const folder = temporaryFolder(t)
  const port = String(await freePort())
  const url = `http://127.0.0.1:${port}`
  const command = inMountNamespace(`mount -t tmpfs -o size=16m tmpfs ${folder}`, [
    process.execPath,
    mainOf('task-db'),
  ])
  const taskDb = startProgram(t, command, {
    PORT: port,
    TASK_STORE_URL: `sqlite:${join(folder, 'tasks.sqlite')}`,
    KV_URL: 'http://127.0.0.1:9',
    LOG_LEVEL: 'silent',
  })
  await untilAlive('task-db', taskDb, async () => (await httpRequest(url, '/healthz')).status === 200)
  for (let n = 1; n <= 20; n++) assert.equal((await createTask(url, n)).status, 201)

  const filler = openSync(join(`/proc/${taskDb.pid}/root`, folder, 'filler'), 'w')
  t.after(() => closeSync(filler))
  const fill = () => {
    try {
      for (;;) writeSync(filler, Buffer.alloc(4096))
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC')
    }
  }
  fill()
  assert.equal((await createTask(url, 21)).status, 503)
  fill()
  for (let n = 1; n <= 20; n++)
    assert.equal((await httpRequest(url, `/tasks/${taskId(n)}`, { method: 'DELETE' })).status, 204)
})
