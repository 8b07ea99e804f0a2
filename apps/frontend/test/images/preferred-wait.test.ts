import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { FastifyReply } from 'fastify'
import { applyPreferredWait } from '../../src/images/preferred-wait.ts'

function apply(prefer: string | undefined) {
  const headers: Record<string, unknown> = {}
  const header = (name: string, value: unknown) => {
    headers[name] = value
  }
  const seconds = applyPreferredWait(prefer, { header } as unknown as FastifyReply)
  return { seconds, applied: headers['preference-applied'] }
}

for (const [prefer, seconds] of [
  ['wait=10', 10],
  ['wait=0', 0],
  ['Wait = "10"', 10],
  ['respond-async, wait=10', 10],
  ['respond-async,wait=10;x=y', 10],
  ['wait=10, handling=lenient', 10],
  ['wait=999999', 55],
  ['wait=99999999999999999999', 55],
] as const) {
  test(`Prefer: ${prefer} waits ${seconds} seconds, and the response confirms that`, () => {
    assert.deepEqual(apply(prefer), { seconds, applied: `wait=${seconds}` })
  })
}

for (const prefer of [
  undefined,
  '',
  'wait',
  'wait=',
  'wait=x',
  'wait=-1',
  'wait=1.5',
  'await=10',
  'waits=10',
]) {
  test(`Prefer: ${prefer} does not wait, and the response confirms nothing`, () => {
    assert.deepEqual(apply(prefer), { seconds: 0, applied: undefined })
  })
}

test('any text is a wait of at most 55 whole seconds or none, and only an applied wait is confirmed', () => {
  const token = fc.constantFrom('wait', '=', ' ', ',', ';', '"', '7', '99', '-', '.', 'x', '\t')
  const text = fc.oneof(
    fc.string(),
    fc.array(token, { maxLength: 30 }).map(tokens => tokens.join('')),
  )
  fc.assert(
    fc.property(text, prefer => {
      const { seconds, applied } = apply(prefer)
      assert.ok(Number.isInteger(seconds) && seconds >= 0 && seconds <= 55)
      assert.ok(applied === `wait=${seconds}` || (applied === undefined && seconds === 0))
    }),
    { numRuns: 1000 },
  )
})

test('a long text is parsed quickly', () => {
  const startedAt = performance.now()
  for (const piece of ['wait ', ' ', 'wait=', 'wait=1 ', ',wait=1 x']) apply(piece.repeat(100_000))
  assert.ok(performance.now() - startedAt < 5000)
})
