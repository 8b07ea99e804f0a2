import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { outputFormats } from '@darkroom/contracts'
import { bytesSource, readImageHeader } from '@darkroom/image-header'
import sharp from 'sharp'
import { streamPermuted } from '../../src/develop/ways/stream-permuted.ts'
import { chunk } from '../permute/png/png-assembler.ts'
import { jpegWith } from './carried.ts'
import { long, tagsIn } from './resolution-in.ts'
import { limits, run } from './run.ts'

const read = (name: string) => readFileSync(new URL(`cases/${name}`, import.meta.url))
const withThumbnail = read('20-exif-thumb.jpg')
const ultraHdr = read('22-ultrahdr.jpg')

/** The first bytes of every JPEG, and so of a thumbnail. */
const startOfJpeg = Buffer.of(0xff, 0xd8, 0xff)
const formatsWithExif = ['jpeg', 'png', 'webp', 'avif'] as const

/** Operations with and without decoding; one makes the image smaller, one turns it. */
const everyWay = ['swap-channels', 'blur:2', 'crop:40x30', 'rotate:90'] as const
const sizeAfter = {
  'swap-channels': [160, 128],
  'blur:2': [160, 128],
  'crop:40x30': [40, 30],
  'rotate:90': [128, 160],
}

test('kept EXIF has the size of the result, and no thumbnail of the original', async () => {
  for (const operations of everyWay) {
    for (const type of formatsWithExif) {
      const { bytes } = await run(withThumbnail, `${operations},metadata:keep,format:${type}`)
      const exif = tiffOf((await sharp(bytes).metadata()).exif)
      const below = tagsIn(exif, 0x8769)
      const size = [0xa002, 0xa003].map(tag => long(exif, below.get(tag) ?? 0))
      assert.deepEqual(size, sizeAfter[operations], `${operations} to ${type}`)
      assert.ok(!exif.includes(startOfJpeg), `${operations} to ${type}`)
      assert.ok(exif.includes('Acme'), `${operations} to ${type}`)
      assert.equal(Buffer.from(bytes).lastIndexOf(startOfJpeg), type === 'jpeg' ? 0 : -1)
    }
    const tiff = Buffer.from((await run(withThumbnail, `${operations},metadata:keep,format:tiff`)).bytes)
    assert.ok(!tiff.includes(startOfJpeg) && tiff.includes('Acme'))
  }
})

test("a PNG whose bytes are rearranged has no thumbnail of its original, in EXIF or in ImageMagick's texts", async () => {
  const { exif } = await sharp(withThumbnail).metadata()
  const block = tiffOf(exif)
  const hex = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), block]).toString('hex')
  const raw = `Raw profile type exif\0\nexif\n${block.length + 6}\n${hex.replaceAll(/(.{72})/g, '$1\n')}\n`
  const png = await sharp(withThumbnail).png().toBuffer()
  for (const carrier of [chunk('eXIf', block), chunk('tEXt', Buffer.from(raw, 'latin1'))]) {
    const file = Buffer.concat([png.subarray(0, 33), carrier, png.subarray(33)])
    for (const operations of ['swap-channels', 'crop:40x30']) {
      const { bytes } = await run(file, `${operations},metadata:keep`)
      const kept = tiffOf((await sharp(bytes).metadata()).exif)
      assert.ok(kept.includes('Acme') && !kept.includes(startOfJpeg))
      assert.ok(!Buffer.from(bytes).includes('Raw profile'))
    }
  }
})

test('EXIF loses maker notes, and positions in the picture if pixels move', async () => {
  const block = exifWith([
    { tag: 0x9003, type: 2, value: Buffer.from('2026:11:25 10:00:00\0') },
    { tag: 0x9214, type: 3, value: Buffer.of(80, 0, 64, 0, 20, 0, 20, 0) },
    {
      tag: 0x927c,
      type: 7,
      value: Buffer.concat([Buffer.from('SONY DSC'), startOfJpeg, Buffer.from('PREVIEW')]),
    },
    { tag: 0xa20e, type: 5, value: Buffer.of(1, 0, 0, 0, 1, 0, 0, 0) },
    { tag: 0xa010, type: 4, value: Buffer.of(1, 2, 3, 4) },
  ])
  const file = withExif(block)
  for (const [operations, isMoved] of [
    ['swap-channels', false],
    ['invert', false],
    ['flip', true],
    ['crop:40x30', true],
  ] as const) {
    const { bytes } = await run(file, `${operations},metadata:keep`)
    const kept = tiffOf((await sharp(bytes).metadata()).exif)
    const tags = tagsIn(kept, 0x8769)
    assert.ok(tags.has(0x9003), operations)
    assert.equal(tags.has(0x9214), !isMoved, operations)
    assert.ok(!tags.has(0x927c) && !tags.has(0xa010) && !kept.includes('PREVIEW'), operations)
  }
})

test('a streamed image loses its thumbnail, and all EXIF unless metadata is kept', async () => {
  for (const type of formatsWithExif) {
    const file = await sharp(withThumbnail).keepExif().toFormat(type).toBuffer()
    assert.ok(Buffer.from(file).lastIndexOf(startOfJpeg) > 0, type)
    const header = await readImageHeader(bytesSource(file))
    for (const metadata of ['strip', 'keep'] as const) {
      const bytes = await streamPermuted(file, header, 'bgr', { format: type, metadata }, limits)
      assert.ok(bytes)
      const { exif } = await sharp(bytes).metadata()
      assert.equal(exif?.includes('Acme') ?? false, metadata === 'keep', type)
      assert.equal(Buffer.from(bytes).lastIndexOf(startOfJpeg), type === 'jpeg' ? 0 : -1)
    }
  }
})

test('XMP loses references to parts that the result does not have, and is dropped if it becomes empty', async () => {
  for (const operations of ['swap-channels', 'flip']) {
    for (const type of outputFormats) {
      const { bytes } = await run(ultraHdr, `${operations},metadata:keep,format:${type}`)
      const text = Buffer.from(bytes).toString('latin1')
      assert.doesNotMatch(text, /hdrgm|Container|xmpmeta/, `${operations} to ${type}`)
    }
  }
})

const lost = `
  xmlns:GCamera="http://ns.google.com/photos/1.0/camera/" GCamera:MotionPhoto="1" GCamera:MicroVideoOffset="4321"
  xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" hdrgm:Version="1.0"
  xmlns:HDRGainMap="http://ns.apple.com/HDRGainMap/1.0/" HDRGainMap:HDRGainMapVersion="65536"
  xmlns:OpCamera="http://ns.oplus.com/photos/1.0/camera/" OpCamera:VideoLength="99"
  xmlns:note="http://ns.adobe.com/xmp/note/" note:HasExtendedXMP="0123456789ABCDEF0123456789ABCDEF"`
const xmp = `<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
 <rdf:Description rdf:about="" ${lost}
  xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:xmpGImg="http://ns.adobe.com/xap/1.0/g/img/"
  xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:exif="http://ns.adobe.com/exif/1.0/"
  xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:regions="http://www.metadataworkinggroup.com/schemas/regions/"
  tiff:ImageWidth="160" tiff:Orientation='1' exif:PixelXDimension="160" dc:format="image/jpeg">
  <tiff:ImageLength>128</tiff:ImageLength><exif:PixelYDimension>128</exif:PixelYDimension>
  <xmp:Thumbnails><rdf:Alt><rdf:li rdf:parseType="Resource"><xmpGImg:image>/9j/THUMB</xmpGImg:image></rdf:li></rdf:Alt></xmp:Thumbnails>
  <regions:Regions><rdf:Bag><rdf:li>face of Ada</rdf:li></rdf:Bag></regions:Regions>
  <dc:title><rdf:Alt><rdf:li xml:lang="x-default">a &lt; b</rdf:li></rdf:Alt></dc:title>
 </rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>`

test('kept XMP describes the result, on every way through the worker', async () => {
  const jpeg = jpegWith(await sharp(withThumbnail).jpeg().toBuffer(), [
    { marker: 0xe1, data: Buffer.from(`http://ns.adobe.com/xap/1.0/\0${xmp}`) },
  ])
  const files = [jpeg]
  for (const type of ['png', 'gif', 'webp']) files.push(await withXmp(type))
  for (const file of files) {
    for (const operations of everyWay) {
      for (const type of outputFormats) {
        const { bytes } = await run(file, `${operations},metadata:keep,format:${type}`)
        const text = Buffer.from(bytes).toString('latin1')
        const [width, height] = sizeAfter[operations]
        const what = `${operations} to ${type}`
        assert.match(text, new RegExp(`tiff:ImageWidth="${width}"`), what)
        assert.match(text, new RegExp(`<tiff:ImageLength>${height}</tiff:ImageLength>`), what)
        assert.match(text, new RegExp(`exif:PixelXDimension="${width}"`), what)
        assert.match(text, new RegExp(`<exif:PixelYDimension>${height}</exif:PixelYDimension>`), what)
        assert.match(text, new RegExp(`dc:format="image/${type}"`), what)
        assert.match(text, /<rdf:li xml:lang="x-default">a &lt; b</, what)
        assert.doesNotMatch(text, /GCamera|hdrgm|HDRGainMap|OpCamera|HasExtendedXMP|THUMB/, what)
        assert.equal(
          /face of Ada/.test(text),
          operations === 'swap-channels' || operations === 'blur:2',
          what,
        )
      }
    }
  }
})

test('XMP is found after the segments of extended XMP, which are left out', async () => {
  const extended = `http://ns.adobe.com/xmp/extension/\0${'0123456789ABCDEF'.repeat(2)}\0\0\0\x09\0\0\0\0`
  const jpeg = jpegWith(await sharp(withThumbnail).jpeg().toBuffer(), [
    { marker: 0xe1, data: Buffer.from(`${extended}<EXTENDED`, 'latin1') },
    { marker: 0xe1, data: Buffer.from(`http://ns.adobe.com/xap/1.0/\0${xmp}`) },
  ])
  for (const operations of everyWay) {
    const { bytes } = await run(jpeg, `${operations},metadata:keep`)
    assert.match(String((await sharp(bytes).metadata()).xmp), /a &lt; b/, operations)
    assert.ok(!Buffer.from(bytes).includes('EXTENDED'), operations)
  }
})

test('XMP about a panorama stays as long as it is true', async () => {
  const panorama = (fullWidth: number) => `<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
  xmlns:GPano="http://ns.google.com/photos/1.0/panorama/" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:format="image/jpeg"
  GPano:ProjectionType="equirectangular" GPano:CroppedAreaImageWidthPixels="160" GPano:FullPanoWidthPixels="${fullWidth}"
  GPano:CroppedAreaImageHeightPixels="128" GPano:LargestValidInteriorRectWidth="160">
  <GPano:FullPanoHeightPixels>128</GPano:FullPanoHeightPixels></rdf:Description></rdf:RDF></x:xmpmeta>`
  const keptAfter = async (operations: string, fullWidth: number) => {
    const jpeg = jpegWith(await sharp(withThumbnail).jpeg().toBuffer(), [
      { marker: 0xe1, data: Buffer.from(`http://ns.adobe.com/xap/1.0/\0${panorama(fullWidth)}`) },
    ])
    const { bytes } = await run(jpeg, `${operations},metadata:keep`)
    const kept = String((await sharp(bytes).metadata()).xmp)
    return [...kept.matchAll(/GPano:(\w+)[=>]"?\w/g)].map(([, name]) => name).sort()
  }
  const all = [
    ...['CroppedAreaImageHeightPixels', 'CroppedAreaImageWidthPixels', 'FullPanoHeightPixels'],
    ...['FullPanoWidthPixels', 'LargestValidInteriorRectWidth', 'ProjectionType'],
  ]
  for (const [operations, ofSphere, ofPart] of [
    ['swap-channels', all, all],
    ['resize:80x', ['ProjectionType'], []],
    ['resize:80x64,blur:2', ['ProjectionType'], []],
    ['resize:80x64:cover', [], []],
    ['crop:40x30', [], []],
    ['rotate:90', [], []],
    ['flop', [], []],
  ] as const) {
    assert.deepEqual(await keptAfter(operations, 160), ofSphere, operations)
    assert.deepEqual(await keptAfter(operations, 400), ofPart, operations)
  }
})

test('XMP that is not well formed, or declares entities, is dropped', async () => {
  for (const broken of [
    xmp.replace('</dc:title>', ''),
    xmp.replace('<x:xmpmeta', '<!DOCTYPE x [<!ENTITY a "b">]><x:xmpmeta'),
    xmp.replace('dc:format="image/jpeg"', 'unknown:format="image/jpeg"'),
    `${xmp.slice(0, 900)}`,
    '<'.repeat(50_000),
    '<a>'.repeat(15_000),
  ]) {
    const jpeg = jpegWith(await sharp(withThumbnail).jpeg().toBuffer(), [
      { marker: 0xe1, data: Buffer.from(`http://ns.adobe.com/xap/1.0/\0${broken}`) },
    ])
    const { bytes } = await run(jpeg, 'swap-channels,metadata:keep')
    assert.equal((await sharp(bytes).metadata()).xmp, undefined)
  }
})

test('IPTC loses the preview of the original and the orientation', async () => {
  const dataset = (record: number, number: number, text: string) =>
    Buffer.concat([Buffer.of(0x1c, record, number, 0, text.length), Buffer.from(text, 'latin1')])
  const datasets = Buffer.concat([
    ...[dataset(1, 90, '\x1b%G'), dataset(2, 120, 'caption of Ada'), dataset(2, 131, 'L')],
    ...[dataset(2, 202, 'PREVIEW of Ada'), dataset(8, 10, 'OBJECT of Ada')],
  ])
  const resource = Buffer.from(
    'Photoshop 3.0\x008BIM\x04\x0c\0\0\0\0\0\x04JFIF8BIM\x04\x04\0\0\0\0\0\0',
    'latin1',
  )
  resource.writeUInt32BE(datasets.length, resource.length - 4)
  const jpeg = jpegWith(await sharp(withThumbnail).jpeg().toBuffer(), [
    { marker: 0xed, data: Buffer.concat([resource, datasets, Buffer.alloc(datasets.length % 2)]) },
  ])
  for (const type of ['jpeg', 'tiff']) {
    const { bytes } = await run(jpeg, `swap-channels,metadata:keep,format:${type}`)
    const text = Buffer.from(bytes).toString('latin1')
    assert.match(text, /caption of Ada/)
    assert.doesNotMatch(text, /PREVIEW of Ada|OBJECT of Ada/)
    assert.ok(!text.includes('\x1c\x02\x83'))
  }
})

function tiffOf(exif: Buffer | undefined): Buffer {
  assert.ok(exif)
  return exif.subarray(exif.toString('latin1', 0, 4) === 'Exif' ? 6 : 0)
}

/** The picture with this XMP, in formats whose metadata sharp can write, and in a GIF. */
async function withXmp(type: string): Promise<Buffer> {
  const image = sharp(withThumbnail)
  if (type === 'webp') return image.withXmp(xmp).webp({ lossless: true }).toBuffer()
  if (type === 'png') {
    const png = await image.png({ palette: true }).toBuffer()
    const text = chunk('iTXt', Buffer.concat([Buffer.from('XML:com.adobe.xmp\0\0\0\0\0'), Buffer.from(xmp)]))
    return Buffer.concat([png.subarray(0, 33), text, png.subarray(33)])
  }
  const gif = await image.gif().toBuffer()
  const trailer = Buffer.from([1, ...Array.from({ length: 256 }, (_, index) => 255 - index), 0])
  const head = Buffer.from('\x21\xff\x0bXMP DataXMP', 'latin1')
  return Buffer.concat([gif.subarray(0, -1), head, Buffer.from(xmp), trailer, gif.subarray(-1)])
}

/** Little-endian EXIF whose main directory points to a directory with these entries. */
function exifWith(entries: readonly { tag: number; type: number; value: Buffer }[]): Buffer {
  const bytesOf: Readonly<Record<number, number>> = { 2: 1, 3: 2, 4: 4, 5: 8, 7: 1 }
  const mainBytes = 8 + 2 + 12 + 4
  const directory = Buffer.alloc(2 + 12 * entries.length + 4)
  directory.writeUInt16LE(entries.length)
  const values: Buffer[] = []
  let valueAt = mainBytes + directory.length
  for (const [index, { tag, type, value }] of entries.entries()) {
    const at = 2 + 12 * index
    directory.writeUInt16LE(tag, at)
    directory.writeUInt16LE(type, at + 2)
    directory.writeUInt32LE(value.length / (bytesOf[type] ?? 1), at + 4)
    if (value.length <= 4) value.copy(directory, at + 8)
    else {
      directory.writeUInt32LE(valueAt, at + 8)
      values.push(value)
      valueAt += value.length
    }
  }
  const main = Buffer.from('II*\0\x08\0\0\0\x01\0\x69\x87\x04\0\x01\0\0\0\0\0\0\0\0\0\0\0', 'latin1')
  main.writeUInt32LE(mainBytes, 18)
  return Buffer.concat([main, directory, ...values])
}

function withExif(block: Buffer): Buffer {
  return jpegWith(ultraHdr, [
    { marker: 0xe1, data: Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), block]) },
  ])
}
