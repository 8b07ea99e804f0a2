import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { accessModeOf } from '../../src/access/access-mode.ts'
import { maySee, ownerSeenBy } from '../../src/access/caller.ts'

test('a frontend needs no keys only on loopback, or if a setting allows it explicitly', () => {
  const address = fc.constantFrom(
    '127.0.0.1',
    '::1',
    'localhost',
    '0.0.0.0',
    '::',
    '10.0.0.1',
    'photos.example',
  )
  const settings = fc.record(
    {
      auth: fc.constantFrom('keys' as const, 'open' as const),
      allowAnonymous: fc.boolean(),
      host: address,
      publishedOn: address,
    },
    { requiredKeys: ['allowAnonymous', 'host'] },
  )
  const isLocal = (host: string) => ['127.0.0.1', '::1', '[::1]', 'localhost'].includes(host)
  fc.assert(
    fc.property(settings, given => {
      const accessMode = accessModeOf(given)
      if (accessMode === 'open')
        assert.ok(given.auth === 'open' || (given.auth === undefined && given.allowAnonymous))
      if (accessMode === 'as-configured') assert.ok(isLocal(given.publishedOn ?? given.host))
      if (given.auth !== undefined) assert.equal(accessMode, given.auth)
    }),
  )
})

test('a user sees only the images of one owner, an operator sees all images', () => {
  const name = fc.constantFrom('alice', 'bob')
  fc.assert(
    fc.property(name, fc.option(name, { nil: undefined }), (owner, other) => {
      const task = { id: 'x', ...(other !== undefined && { owner: other }) }
      assert.equal(maySee({ role: 'user', owner }, task), owner === other)
      assert.equal(maySee({ role: 'operator', owner }, task), true)
      assert.equal(ownerSeenBy({ role: 'user', owner }), owner)
    }),
  )
  assert.throws(() => ownerSeenBy({ role: 'user' }))
})
