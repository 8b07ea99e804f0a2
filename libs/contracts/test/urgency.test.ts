import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatPriority, urgencyOf } from '../src/index.ts'

test('the urgency of a Priority header is its u, at any position', () => {
  for (const header of ['u=5', 'u=5, i', 'i, u=5', 'i,u=5', 'a=1, u=5;x=2, i=?0'])
    assert.equal(urgencyOf(header), 5, header)
})

test('the last urgency of a Priority header counts', () => {
  assert.equal(urgencyOf('u=1, i, u=5'), 5)
  assert.equal(urgencyOf('u=1,u=2,u=5'), 5)
})

test('a Priority header without a valid urgency is ignored', () => {
  for (const header of [undefined, '', 'i', 'u', 'u=8', 'u=-1', 'u=10', 'u=2.5', 'xu=5', 'u = 5', 'U=5'])
    assert.equal(urgencyOf(header), undefined, header)
})

test('a formatted urgency is parsed as the same value', () => {
  for (let urgency = 0; urgency < 8; urgency++) assert.equal(urgencyOf(formatPriority(urgency)), urgency)
})
