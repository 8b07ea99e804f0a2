import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, suite, test } from 'node:test'
import { deflateSync } from 'node:zlib'
import { assertProblem, connectTo, generateImage } from '@darkroom/testing'
import sharp from 'sharp'
import { nothingStored, startMaster, storedKeys, upload } from '../start-master.ts'
import { chunksOf } from './uploading.ts'

const png = await generateImage({ kind: 'png', width: 40, height: 30, seed: 1 })
const refusing = await startMaster({ after }, { MAX_UPLOAD_BYTES: '500000' })
/** Longer than the head, which is checked before anything is stored. */
const long = 300_000

/** A decompression bomb: a small PNG that unpacks to a large image. */
function bomb(side: number): Buffer {
  const chunk = (type: string, body: Uint8Array) => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(body.length)
    return Buffer.concat([length, Buffer.from(type), body, Buffer.alloc(4)])
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(side, 0)
  header.writeUInt32BE(side, 4)
  header.set([8, 2, 0, 0, 0], 8)
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', deflateSync(Buffer.alloc(1000)))])
}

/** A TIFF with the mark of Canon's cameras. Its first page is only a preview. */
async function canonRaw(): Promise<Buffer> {
  const tiff = await sharp(png).tiff().toBuffer()
  tiff.write('CR\x02\0', 8, 'latin1')
  return tiff
}

/** A TIFF whose directory would begin after the end of the file. */
function tiffThatEndsEarly(bytes: number): Buffer {
  const tiff = Buffer.alloc(bytes)
  tiff.write('II*\0', 'latin1')
  tiff.writeUInt32LE(bytes + 100, 4)
  return tiff
}

const refusals: { name: string; body: Uint8Array; query?: string; status: number; code: string }[] = [
  { name: 'an empty body', body: new Uint8Array(), status: 400, code: 'empty-body' },
  { name: 'a text', body: Buffer.from('no image'), status: 415, code: 'not-an-image' },
  { name: 'a long text', body: Buffer.alloc(long, 'no image '), status: 415, code: 'not-an-image' },
  {
    name: 'an SVG',
    body: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'),
    status: 415,
    code: 'not-an-image',
  },
  { name: 'a camera raw file', body: await canonRaw(), status: 415, code: 'not-an-image' },
  { name: 'a PNG of eight bytes', body: png.subarray(0, 8), status: 422, code: 'malformed-image' },
  {
    name: 'a short TIFF that ends early',
    body: tiffThatEndsEarly(5000),
    status: 422,
    code: 'malformed-image',
  },
  {
    name: 'a long TIFF that ends early',
    body: tiffThatEndsEarly(long),
    status: 422,
    code: 'malformed-image',
  },
  { name: 'an image with too many pixels', body: bomb(20_000), status: 422, code: 'too-many-pixels' },
  {
    name: 'an image with too many bytes',
    body: Buffer.concat([png, Buffer.alloc(600_000)]),
    status: 413,
    code: 'too-large',
  },
  {
    name: 'an image with unknown operations',
    body: png,
    query: '?operations=solarise',
    status: 400,
    code: 'invalid-operations',
  },
  {
    name: 'an image without operations',
    body: png,
    query: '?operations=',
    status: 400,
    code: 'invalid-operations',
  },
  {
    name: 'an image with an unknown parameter',
    body: png,
    query: '?operation=x',
    status: 400,
    code: 'invalid-request',
  },
  {
    name: 'an image with a callback that is not a URL',
    body: png,
    query: '?callback=nowhere',
    status: 400,
    code: 'invalid-request',
  },
]

suite('an image that is refused', () => {
  for (const { name, body, query = '', status, code } of refusals) {
    test(`${name} is refused with ${status} ${code}`, async () => {
      assertProblem(await upload(refusing, body, { query }), status, code)
      assertProblem(await upload(refusing, chunksOf(body), { query }), status, code)
    })
  }

  test('a length that is too large is refused before a byte is read', async t => {
    const socket = connectTo(t, refusing.url)
    socket.write('POST /newImage HTTP/1.1\r\nhost: x\r\ncontent-length: 500001\r\n\r\n')
    const [response] = await once(socket, 'data')
    assert.match(String(response), /^HTTP\/1.1 413 .*urn:darkroom:problem:too-large/s)
  })

  test('a client that sends everything before it reads still gets the response to a refused upload', async t => {
    const socket = connectTo(t, refusing.url).pause()
    const bytes = 20_000_000
    socket.write(
      `POST /newImage HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n${bytes.toString(16)}\r\n`,
    )
    const hasSent = new Promise(resolve => socket.write(Buffer.alloc(bytes, 'no image '), resolve))
    await hasSent
    socket.write('\r\n0\r\n\r\n')
    socket.resume()
    const [response] = await once(socket, 'data')
    assert.match(String(response), /^HTTP\/1.1 415 /)
  })

  test('refused uploads leave no bytes and no tasks', async () => {
    assert.deepEqual(await storedKeys(refusing), nothingStored)
    const { body } = await refusing.clients.taskDb.listTasks({ querystring: {} })
    assert.deepEqual(body.tasks, [])
  })
})
