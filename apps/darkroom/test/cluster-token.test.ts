import assert from 'node:assert/strict'
import { chmodSync, writeFileSync } from 'node:fs'
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
