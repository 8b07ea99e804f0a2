import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cropsOfItem } from '../../../src/develop/avif/crops-of-item.ts'
import { boxesIn, wholeOf } from '../../../src/develop/avif/file-boxes.ts'
import { clap, irot } from '../heic/heif-assembler.ts'

for (const turns of [0, 1, 2, 3])
  test(`the crop of an image after ${turns} quarter turns is scaled to its transparency`, () => {
    // The left half of the upright image, of 80 x 10 pixels; the transparency has half as many columns.
    const whole = turns % 2 === 0 ? { width: 80, height: 10 } : { width: 10, height: 80 }
    const item = { width: whole.width / 2, height: whole.height / 2 }
    const crop = clap({ width: 40, height: 10, right: -20, down: 0 })
    const file = Buffer.concat([irot(turns), crop])
    const [scaled] = cropsOfItem(file, [...boxesIn(file, wholeOf(file))], whole, item)
    assert.ok(scaled)
    assert.deepEqual([scaled.readUInt32BE(8), scaled.readUInt32BE(16)], [20, 5])
  })
