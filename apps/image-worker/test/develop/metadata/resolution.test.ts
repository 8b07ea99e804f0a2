import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inUnit } from '../../../src/develop/metadata/resolution.ts'

test('whole pixels per metre are read as the whole dots per inch that they stand for', () => {
  const dpi = (perMetre: number) => inUnit({ x: perMetre, y: perMetre, unit: 'metre' }, 'inch').x
  assert.equal(dpi(11_811), 300)
  assert.equal(dpi(2835), 72)
  assert.notEqual(dpi(11_830), Math.round(dpi(11_830)))
})
