import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exactGif } from '../../../src/develop/gif/exact-gif.ts'
import type { Raster } from '../../../src/develop/raster/raster.ts'

test('thousands of tiny frames take about as much CPU time as one frame with all their pixels', () => {
  const [side, count] = [16, 4000]
  const frame = (pixels: number): Raster => ({
    data: Uint8Array.from({ length: 3 * pixels }, (_, at) => (at % 3 === 0 ? (at / 3) % 256 : 0)),
    width: side,
    height: pixels / side,
    channels: 3,
    bits: 8,
    isGrey: false,
  })
  const tiny = Array.from({ length: count }, () => frame(side * side))
  const large = [frame(count * side * side)]
  const cpuTime = (frames: Raster[]) => {
    const before = process.cpuUsage()
    assert.ok(exactGif(frames, { delays: frames.map(() => 50), loop: 0 }))
    const { user, system } = process.cpuUsage(before)
    return user + system
  }
  cpuTime(large) // compiles
  const [one, many] = [cpuTime(large), cpuTime(tiny)]
  assert.ok(many < 10 * one, `${many} µs instead of ${one} µs`)
})
