import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { generateImage, httpRequest, startDarkroom, temporaryFolder } from '@darkroom/testing'
import { runCommand } from './run-command.ts'
import { develop } from './uploads.ts'

test('originals and results are there after they moved to another folder', async t => {
  const darkroom = await startDarkroom(t)
  const [small, large] = await Promise.all(
    [20, 400].map(size => generateImage({ kind: 'png', width: size, height: size, seed: 1 })),
  )
  assert.ok(small && large && small.length < 64 * 1024 && large.length > 64 * 1024)
  const before = [await develop(darkroom.url, small), await develop(darkroom.url, large)]
  const bytesOf = async (id: unknown) =>
    Promise.all(
      ['original', 'result'].map(async name => {
        const { status, body } = await httpRequest(darkroom.url, `/images/${id}/${name}`)
        assert.equal(status, 200)
        return body
      }),
    )
  const bytes = await Promise.all(before.map(({ id }) => bytesOf(id)))
  const [from, to] = [join(darkroom.dataDir, 'storage'), join(temporaryFolder(t), 'moved')]
  const args = ['migrate', 'storage', '--from', `file:${from}`, '--to', `file:${to}`]
  const refused = await runCommand(args)
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /another process uses .*storage; stop storage first\n$/)

  await darkroom.stop()
  const moved = await runCommand(args)
  assert.equal(moved.code, 0, moved.stderr)
  assert.equal(moved.stdout, 'storage: 4 originals and results, 4 of them copied now\n')
  await darkroom.restart({ BLOB_STORE_URL: `file:${to}` })
  assert.deepEqual(await Promise.all(before.map(({ id }) => bytesOf(id))), bytes)
})
