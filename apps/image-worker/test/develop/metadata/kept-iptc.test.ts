import assert from 'node:assert/strict'
import { test } from 'node:test'
import sharp from 'sharp'
import { iptcDatasets } from '../../../src/develop/metadata/iptc.ts'
import { jpegWith } from '../metadata-traces.ts'
import { run } from '../run.ts'
import { withThumbnail } from './camera-photos.ts'

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

test('IPTC whose lengths take several bytes is kept up to a length that no file can have', () => {
  const long = Buffer.from([0x1c, 2, 120, 0x80, 4, 0, 0, 0, 3, ...Buffer.from('Ada')])
  for (const bytes of [5, 7, 0x7fff]) {
    const absurd = Buffer.concat([
      Buffer.of(0x1c, 2, 5, 0x80 | (bytes >> 8), bytes & 255),
      Buffer.alloc(40_000),
    ])
    assert.deepEqual(iptcDatasets(Buffer.concat([long, absurd])), long, `${bytes} bytes`)
  }
})
