import assert from 'node:assert/strict'
import { test } from 'node:test'
import { recognize } from '../../src/intake/original-facts.ts'
import { otherType } from '../../src/intake/other-type.ts'

const files: Record<string, string[]> = {
  SVG: [
    '<svg xmlns="http://www.w3.org/2000/svg"/>',
    '<?xml version="1.0"?>\n<!-- drawn -->\n<!DOCTYPE svg>\n<svg>',
    '\n  <SVG>',
  ],
  HTML: ['<!DOCTYPE html><title>404</title>', '<html>'],
  XML: ['<?xml version="1.0"?><Error/>'],
  'JPEG XL': ['\xff\x0a\xfa', '\0\0\0\x0cJXL \r\n\x87\n'],
  'JPEG 2000': ['\0\0\0\x0cjP  \r\n\x87\n', '\xff\x4f\xff\x51\0\x2f'],
  BMP: ['BM\x46\0\0\0'],
  ICO: ['\0\0\x01\0\x01\0'],
  PSD: ['8BPS\0\x01'],
  PDF: ['%PDF-1.7'],
  PNM: ['P6\n2 2\n255\n'],
  'camera raw': ['FUJIFILMCCD-RAW 0201', '\0\0\0\x18ftypcrx \0\0\0\x01crx isom'],
  video: ['\0\0\0\x18ftypmp42\0\0\0\0isommp42', '\x1a\x45\xdf\xa3\x01'],
  ZIP: ['PK\x03\x04\x14\0'],
}

test('the refusal of an unsupported file names its type, and the types that are expected', () => {
  for (const [name, begins] of Object.entries(files))
    for (const begin of begins) {
      const head = Buffer.from(begin, 'latin1')
      assert.equal(otherType(head), name, begin)
      assert.throws(() => recognize(head), {
        status: 415,
        message: `unsupported file type ${name}: expected JPEG, PNG, WebP, GIF, TIFF, AVIF or HEIC`,
      })
    }
})

test('the refusal of an unknown file names only the types that are expected', () => {
  for (const begin of ['x', 'hello', '\xff\xd8', 'P6x', '<', '\0\0\0\0'])
    assert.throws(() => recognize(Buffer.from(begin, 'latin1')), {
      message: 'unsupported file type: expected JPEG, PNG, WebP, GIF, TIFF, AVIF or HEIC',
    })
})
