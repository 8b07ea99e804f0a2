// Slow: it develops every kind of HEIC into several formats.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytesSource, readAvifCoding } from '@darkroom/image-header'
import sharp from 'sharp'
import { firstDataOf } from '../../permute/png/png-assembler.ts'
import { assertSame, inspect, inspectResult, meanError } from '../inspect.ts'
import { bytesOf, run } from '../run.ts'
import { decoded, tile } from './decoded.ts'
import { assembleHeif, box, clap, nclx, sample, tileItem } from './heif-assembler.ts'

test('the transparency of a HEIC is kept if the result’s format supports it', async () => {
  const heic = sample('deep-alpha.heic')
  const before = await decoded(heic)
  for (const format of ['png', 'webp', 'avif', 'tiff']) {
    const after = await inspectResult(await run(heic, `format:${format}`))
    const shift = after.isDeep ? 0 : 8
    const most = after.isDeep ? 8 * 256 : 8
    for (let at = 3; at < before.samples.length; at += 4)
      assert.ok(Math.abs(((before.samples[at] ?? 0) >> shift) - (after.samples[at] ?? 0)) <= most, format)
  }
  assert.equal((await sharp((await run(heic, 'flip')).bytes).metadata()).channels, 3)
})

test('a HEIC of more than 8 bits stays deep if the result’s format supports it', async () => {
  for (const [format, isDeep] of Object.entries({
    png: true,
    tiff: true,
    avif: true,
    webp: false,
    jpeg: false,
  })) {
    const result = await inspectResult(await run(sample('deep-alpha.heic'), `flip,format:${format}`))
    assert.equal(result.isDeep, isDeep, format)
  }
  const { samples } = await decoded(sample('deep-alpha.heic'))
  assert.ok(new Set(samples).size > 256)
  assert.ok(
    samples.every(sample => (sample & 63) === sample >> 10),
    '10 bits are scaled to 16',
  )
})

test('a HEIC in Display P3 keeps its values and profile, or becomes sRGB in formats without profiles', async () => {
  const heic = sample('camera.heic')
  const { icc } = await sharp(heic).metadata()
  assert.ok(icc)
  for (const format of ['jpeg', 'png', 'webp', 'avif', 'tiff'])
    assert.deepEqual((await sharp((await run(heic, `format:${format}`)).bytes).metadata()).icc, icc, format)
  const png = await bytesOf(heic, 'format:png')
  assert.ok(meanError(await inspect(png), await inspect(sample('camera.png'))) < 1)
  const gif = await inspect(await bytesOf(heic, 'format:gif'))
  const converted = await inspect(await sharp(png).toColourspace('srgb').png().toBuffer())
  assert.ok(meanError(converted, await inspect(png)) > 5, 'the conversion changes the values')
  assert.ok(meanError({ ...gif, format: 'png' }, converted) < 3)
})

test('colours that a HEIC gives by number are kept by a profile or by number, or become sRGB', async () => {
  const p3 = assembleHeif([tileItem(nclx(12, 13))])
  const jpeg = await run(p3, 'format:jpeg')
  const { icc } = await sharp(jpeg.bytes).metadata()
  assert.ok(icc?.includes(Buffer.from('acsp')))
  assertSame(await decoded(p3), tile)
  const shown = await inspect(
    await sharp(await bytesOf(p3, 'format:tiff'))
      .toColourspace('srgb')
      .png()
      .toBuffer(),
  )
  assert.ok(meanError(shown, tile) > 2, 'Display P3 looks different from sRGB')
  const gif = await inspect(await bytesOf(p3, 'format:gif'))
  assert.ok(meanError({ ...gif, format: 'png' }, shown) < 3)

  const pq = assembleHeif([tileItem(nclx(9, 16))])
  const avif = await readAvifCoding(bytesSource(await bytesOf(pq, 'format:avif')))
  assert.deepEqual([avif?.cicp.primaries, avif?.cicp.transfer], [9, 16])
  const dimmed = await inspect(await bytesOf(pq, 'format:jpeg'))
  assert.ok(meanError({ ...dimmed, format: 'png' }, tile) > 5, 'HDR becomes sRGB')
})

test('a HEIC that is cropped at odd places keeps its colours in any range, and their numbers', async () => {
  for (const range of ['full', 'narrow'] as const) {
    const colours = nclx(12, 13, range)
    // Within one of the four coloured quarters.
    const corner = clap({ width: 15, height: 15, right: -19.5, down: -19.5 }, 2)
    const cropped = await run(assembleHeif([tileItem(colours, corner)]), 'format:png')
    const expected = await run(assembleHeif([tileItem(colours)]), 'crop:15x15+5+5,format:png')
    assert.ok(meanError(await inspectResult(cropped), await inspectResult(expected)) < 3, range)
    assert.ok(firstDataOf(cropped.bytes, 'cICP'))
    assert.deepEqual(firstDataOf(cropped.bytes, 'cICP'), firstDataOf(expected.bytes, 'cICP'))
  }
})

test('premultiplied colours are divided by their transparency', async () => {
  const alpha = tileItem(box('auxC', Buffer.alloc(4), 'urn:mpeg:hevc:2015:auxid:1\0'))
  const straight = [tileItem(), { ...alpha, references: { auxl: [1] } }]
  const multiplied = [
    { ...tileItem(), references: { prem: [2] } },
    { ...alpha, references: { auxl: [1] } },
  ]
  const [plain, divided] = [await decoded(assembleHeif(straight)), await decoded(assembleHeif(multiplied))]
  for (let at = 0; at < plain.samples.length; at += 4) {
    const [sample = 0, , , transparency = 0] = plain.samples.subarray(at, at + 4)
    const expected = transparency === 0 ? 0 : Math.min(Math.round((sample * 255) / transparency), 255)
    assert.deepEqual([divided.samples[at], divided.samples[at + 3]], [expected, transparency])
  }
})
