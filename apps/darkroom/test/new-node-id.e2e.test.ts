import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import { test } from 'node:test'
import { httpRequest, startService, temporaryFolder, until } from '@darkroom/testing'
import { runCommand } from './run-command.ts'

test('new-node-id makes a copied data folder another node, which counts beside the original', async t => {
  const [kvFolder, folder, copy] = [temporaryFolder(t), temporaryFolder(t), temporaryFolder(t)]
  const kv = await startService(t, 'kv-config', { DATA_DIR: kvFolder })
  const start = (dataDir: string) => startService(t, 'cluster-state', { KV_URL: kv.url, DATA_DIR: dataDir })
  const run = (dataDir: string) => runCommand(['new-node-id'], { DATA_DIR: dataDir })
  const original = await start(folder)
  const count = (url: string) => httpRequest(url, '/inc', { method: 'POST' })
  assert.equal((await count(original.url)).status, 200)
  cpSync(folder, copy, { recursive: true })

  assert.match(
    (await run(folder)).stderr,
    /another process uses .*cluster-state.*stop the processes that use it/,
  )
  assert.match((await run(kvFolder)).stderr, /cluster-state\.sqlite does not exist; set DATA_DIR/)
  const { code, stdout } = await run(copy)
  assert.equal(code, 0)
  const second = await start(copy)
  const { id } = (await httpRequest(second.url, '/members')).json().self as { id: string }
  assert.match(stdout, new RegExp(`now belongs to node ${id}`))
  assert.equal((await count(second.url)).status, 200)
  for (const { url } of [original, second])
    await until('both counts are added up', async () => (await httpRequest(url, '/')).body.toString() === '2')
})
