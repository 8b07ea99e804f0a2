// Slow: it develops every format on every way into every other.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { outputFormats } from '@darkroom/contracts'
import sharp from 'sharp'
import { chunk, withChunks } from '../../permute/png/png-assembler.ts'
import { jpegWith } from '../metadata-traces.ts'
import { run } from '../run.ts'
import { everyWay, sizeAfter, ultraHdr, withThumbnail } from './camera-photos.ts'

test('XMP loses references to parts that the result does not have, and is dropped if it becomes empty', async () => {
  for (const operations of ['swap-channels', 'flip']) {
    for (const type of outputFormats) {
      const { bytes } = await run(ultraHdr, `${operations},metadata:keep,format:${type}`)
      const text = Buffer.from(bytes).toString('latin1')
      assert.doesNotMatch(text, /hdrgm|Container|xmpmeta/, `${operations} to ${type}`)
    }
  }
})

/** Properties about parts of the original that no result has. */
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
  const jpeg = await jpegWithXmp(xmp)
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
    const jpeg = await jpegWithXmp(panorama(fullWidth))
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
    const jpeg = await jpegWithXmp(broken)
    const { bytes } = await run(jpeg, 'swap-channels,metadata:keep')
    assert.equal((await sharp(bytes).metadata()).xmp, undefined)
  }
})

async function jpegWithXmp(text: string): Promise<Buffer> {
  const data = Buffer.from(`http://ns.adobe.com/xap/1.0/\0${text}`)
  return jpegWith(await sharp(withThumbnail).jpeg().toBuffer(), [{ marker: 0xe1, data }])
}

/** The picture with `xmp`, in formats whose metadata sharp can write, and in a GIF. */
async function withXmp(type: string): Promise<Buffer> {
  const image = sharp(withThumbnail)
  if (type === 'webp') return image.withXmp(xmp).webp({ lossless: true }).toBuffer()
  if (type === 'png') {
    const png = await image.png({ palette: true }).toBuffer()
    const text = chunk('iTXt', Buffer.concat([Buffer.from('XML:com.adobe.xmp\0\0\0\0\0'), Buffer.from(xmp)]))
    return withChunks(png, text)
  }
  const gif = await image.gif().toBuffer()
  const trailer = Buffer.from([1, ...Array.from({ length: 256 }, (_, index) => 255 - index), 0])
  const head = Buffer.from('\x21\xff\x0bXMP DataXMP', 'latin1')
  return Buffer.concat([gif.subarray(0, -1), head, Buffer.from(xmp), trailer, gif.subarray(-1)])
}
