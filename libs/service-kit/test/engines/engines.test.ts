import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { engineFor, engineUrlPattern } from '../../src/engines/engines.ts'
import { openEngine } from '../../src/engines/open-engine.ts'
import { InvalidConfig } from '../../src/settings/config.ts'

class Unusable extends Error {}
class MoreUnusable extends Unusable {}

suite('engines', () => {
  const engines = { 'here:': 'embedded', 'far(s)?://.+': 'distributed' }

  test('engines are found by their whole URL', () => {
    assert.equal(engineFor(engines, 'here:'), 'embedded')
    assert.equal(engineFor(engines, 'fars://host'), 'distributed')
    for (const url of ['here:more', 'far://', 'nowhere:', 'say far://host'])
      assert.throws(() => engineFor(engines, url), /expected here: or far/)
  })

  test('engines give the pattern of the setting, which allows the same URLs', () => {
    const pattern = new RegExp(engineUrlPattern(engines))
    for (const url of ['here:', 'far://a', 'fars://a']) assert.match(url, pattern)
    for (const url of ['here:more', 'far://', 'say far://host']) assert.doesNotMatch(url, pattern)
  })

  test('an error does not repeat the URL, which may hold a password', () => {
    assert.throws(
      () => engineFor(engines, 'else://:secret@host'),
      error => !String(error).includes('secret'),
    )
  })
})

suite('opening an engine', () => {
  test('opening an engine returns the engine', async () => {
    assert.equal(await openEngine('STORE_URL', [Unusable], async () => 'store'), 'store')
  })

  test('opening an engine names the setting if the engine cannot be used, and does not change other errors', async () => {
    const open = (error: Error) => openEngine('STORE_URL', [Unusable], () => Promise.reject(error))
    const mistakes = (error: unknown) => error instanceof InvalidConfig && error.mistakes.join()
    await assert.rejects(open(new MoreUnusable('no such folder')), error => {
      assert.equal(mistakes(error), 'STORE_URL: no such folder')
      return true
    })
    const other = new Error('a fault of ours')
    await assert.rejects(open(other), error => error === other)
  })
})
