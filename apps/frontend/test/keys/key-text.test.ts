import assert from 'node:assert/strict'
import { test } from 'node:test'
import { characterOf, lastCharacter } from '@darkroom/testing'
import fc from 'fast-check'
import { hashKey, makeKeyText, readKeyText } from '../../src/keys/key-text.ts'

/** A random key. */
const key = fc
  .array(fc.integer({ min: 0, max: 61 }), { minLength: 44, maxLength: 44 })
  .map(values => makeKeyText(() => values.pop() ?? 0))

test('a key that was made is parsed into its parts', () => {
  fc.assert(
    fc.property(key, ({ id, text }) => {
      assert.deepEqual(readKeyText(text), { id, text })
      assert.match(text, /^dk_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}$/)
      assert.equal(text.slice(3, 15), id)
      assert.equal(hashKey(text).length, 32)
    }),
  )
})

test('a key with one character changed, missing or doubled is not a key', () => {
  fc.assert(
    fc.property(key, fc.nat(), fc.constantFrom('0', 'z', '-', ' ', 'é'), ({ text }, place, other) => {
      const at = place % text.length
      const [before, after] = [text.slice(0, at), text.slice(at + 1)]
      if (text[at] !== other) assert.equal(readKeyText(before + other + after), undefined)
      assert.equal(readKeyText(before + after), undefined)
      assert.equal(readKeyText(before + text[at] + text.slice(at)), undefined)
    }),
  )
})

test('parsing a key never throws, for any text', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.nat(lastCharacter).map(characterOf) }), text => void readKeyText(text)),
  )
})

test('keys are random: 10 000 keys are all different, and contain every digit', () => {
  const keys = Array.from({ length: 10_000 }, () => makeKeyText())
  assert.equal(new Set(keys.map(({ id }) => id)).size, keys.length)
  assert.equal(new Set(keys.map(({ text }) => text.slice(16, 48)).join('')).size, 62)
})

test('the checksum is CRC-32 in base 62, with digits in the order of ASCII', () => {
  const { text } = makeKeyText(() => 0)
  assert.equal(text.slice(0, 48), `dk_${'0'.repeat(12)}_${'0'.repeat(32)}`)
  const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
  const value = [...text.slice(48)].reduce((sum, digit) => sum * 62 + digits.indexOf(digit), 0)
  assert.equal(value, crc32Of(text.slice(0, 48)))
})

/** CRC-32 computed bit by bit, as ISO 3309 defines it. */
function crc32Of(text: string): number {
  let crc = 0xffffffff
  for (const byte of Buffer.from(text)) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return (crc ^ 0xffffffff) >>> 0
}
