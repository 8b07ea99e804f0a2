import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isExactNumber } from '../../src/settings/exact-number.ts'

test('numbers that a double can represent are exact in every notation', () => {
  const exact = [
    ...['0', '0.0', '0e7', '1', '-1', '0.1', '0.10', '100e-3', '1E3', '1e+3', '12.50', '-2.5e-7'],
    ...['9007199254740992', '9007199254740994', '9.007199254740992e15', '1e21', '1e300', '5e-324', '1.5e-9'],
  ]
  for (const text of exact) assert.ok(isExactNumber(text), text)
})

test('numbers that a double changes are not exact', () => {
  const inexact = [
    ...['9007199254740993', '-9007199254740993', '9007199254740993.0', '9.007199254740993e15'],
    ...['9007199254740993e0', '90071992547409930e-1', '1e400', '-1e400', '1e-400', '0.1234567890123456789'],
    ...['-0', '-0.0', '-0e5', '1.00000000000000000001', '123456789012345678901234567890', '4e-324'],
  ]
  for (const text of inexact) assert.ok(!isExactNumber(text), text)
})

test('the text that JSON writes for a double is exact, and is not with another digit after 17', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), value => {
      if (Object.is(value, -0)) return
      assert.ok(isExactNumber(JSON.stringify(value)))
      const digits = Math.abs(value).toPrecision(17).replace(/e.*$/, '')
      if (value !== 0) assert.ok(!isExactNumber(`${digits}${digits.includes('.') ? '' : '.'}0001`))
    }),
  )
})
