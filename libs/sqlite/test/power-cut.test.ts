import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { inMountNamespace, makeDiskImage, powerCutsAreMissing, startProgram, until } from '@darkroom/testing'

const writer = fileURLToPath(new URL('write-until-cut.ts', import.meta.url))
const reader = `
  const { DatabaseSync } = require('node:sqlite')
  const database = new DatabaseSync(process.argv[1])
  const [{ integrity_check }] = database.prepare('PRAGMA integrity_check').all()
  const rows = database.prepare('SELECT n FROM rows WHERE length(bytes) = 20000').all().map(row => row.n)
  console.log(JSON.stringify({ integrity_check, rows }))
`

// After more than one checkpoint: the log was truncated, and is written from its beginning again.
for (const acknowledged of [50, 900]) {
  test(`a power cut after ${acknowledged} rows loses no acknowledged row`, {
    skip: powerCutsAreMissing(),
  }, async t => {
    const disk = makeDiskImage(t)
    const path = join(disk.mounted, 'rows.sqlite')
    const writing = startProgram(t, inMountNamespace(disk.mount, [process.execPath, writer, path]))
    await until('rows are answered', () => writing.stdout.split('\n').length > acknowledged)
    await disk.cutPower(writing.pid)
    await writing.ended
    const answered = writing.stdout.trim().split('\n').map(Number)
    await disk.released()

    const reading = startProgram(t, inMountNamespace(disk.mount, [process.execPath, '-e', reader, path]))
    const { code } = await reading.ended
    assert.equal(code, 0, reading.stderr)
    const { integrity_check, rows } = JSON.parse(reading.stdout) as {
      integrity_check: string
      rows: number[]
    }
    assert.equal(integrity_check, 'ok')
    const lost = answered.filter(n => !rows.includes(n))
    assert.deepEqual(lost, [])
    await disk.released()
  })
}
