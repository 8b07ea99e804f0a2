import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { asOrdinaryUser, temporaryFolder } from '@darkroom/testing'
import { loadOrMakeClusterToken, readClusterToken } from '../src/cluster-token.ts'
import { ExpectedFailure } from '../src/expected-failure.ts'

test('a token of another user is an error that explains what to do', t => {
  const folder = temporaryFolder(t)
  assert.equal(readClusterToken(folder), undefined)
  const token = loadOrMakeClusterToken(folder)
  assert.equal(readClusterToken(folder), token)
  chmodSync(folder, 0o755)
  chmodSync(join(folder, 'cluster-token'), 0o000)
  asOrdinaryUser(() =>
    assert.throws(
      () => readClusterToken(folder),
      error =>
        error instanceof ExpectedFailure &&
        /cannot be read: .*; run the command as the user that runs Darkroom, or set CLUSTER_TOKEN$/.test(
          error.message,
        ),
    ),
  )
})

test('a token is generated once, also on a disk without hard links', t => {
  const folder = temporaryFolder(t)
  const script = `
    import fs from 'node:fs'
    import { syncBuiltinESMExports } from 'node:module'
    fs.linkSync = () => { throw Object.assign(new Error('no hard links'), { code: 'EPERM' }) }
    syncBuiltinESMExports()
    const { loadOrMakeClusterToken } = await import(process.argv[1])
    console.log(loadOrMakeClusterToken(process.argv[2]))
  `
  const source = import.meta.resolve('../src/cluster-token.ts')
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', script, source, folder],
    { encoding: 'utf8' },
  )
  assert.match(stdout, /^[\w-]{43}\n$/, stderr)
  assert.equal(loadOrMakeClusterToken(folder), stdout.trim())
  assert.deepEqual(readdirSync(folder), ['cluster-token'])
  assert.equal(statSync(join(folder, 'cluster-token')).mode & 0o777, 0o600)
})

test('a token that is too short is an error that names the file and the least length', t => {
  const folder = temporaryFolder(t)
  writeFileSync(join(folder, 'cluster-token'), 'short')
  assert.throws(
    () => loadOrMakeClusterToken(folder),
    error =>
      error instanceof ExpectedFailure &&
      /cluster-token must contain a token of at least 16/.test(error.message),
  )
})
