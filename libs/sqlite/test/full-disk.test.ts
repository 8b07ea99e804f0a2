import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { inMountNamespace, mountsAreMissing, startProgram, temporaryFolder } from '@darkroom/testing'

const program = fileURLToPath(new URL('fill-and-delete.ts', import.meta.url))

test('after a database has filled its disk, every row can be deleted, and rows can be stored again', {
  skip: mountsAreMissing(),
}, async t => {
  const folder = temporaryFolder(t)
  const command = inMountNamespace(`mount -t tmpfs -o size=24m tmpfs ${folder}`, [
    process.execPath,
    program,
    join(folder, 'rows.sqlite'),
  ])
  const filling = startProgram(t, command)
  const { code } = await filling.ended
  assert.equal(code, 0, filling.stderr)
  const { stored, deleted } = JSON.parse(filling.stdout) as { stored: number; deleted: number }
  assert.ok(stored > 500, `${stored} rows`)
  assert.equal(deleted, stored)
})
