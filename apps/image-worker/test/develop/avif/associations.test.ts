import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readAssociations } from '../../../src/develop/avif/associations.ts'
import { findBox, wholeOf } from '../../../src/develop/avif/file-boxes.ts'
import { box, uint16, uint32 } from '../heic/heif-assembler.ts'

test('of an item that is listed twice, the first properties count, as in the header reader', () => {
  const entry = (index: number) => Buffer.concat([uint16(1), Uint8Array.of(1, index)])
  const file = box('iprp', box('ipma', uint32(0), uint32(2), entry(3), entry(4)))
  const associations = readAssociations(file, findBox(file, wholeOf(file), 'iprp'))
  assert.deepEqual([...associations], [[1, [{ isEssential: false, index: 3 }]]])
})
