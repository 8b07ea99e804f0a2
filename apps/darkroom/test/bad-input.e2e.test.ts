import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { crc32 } from 'node:zlib'
import { mapConcurrently } from '@darkroom/service-kit'
import {
  assertProblem,
  type Darkroom,
  generateImage,
  type HttpResponse,
  httpRequest,
  imageKinds,
  startDarkroom,
  temporaryFolder,
  tiffOf,
  until,
} from '@darkroom/testing'
import { fetch as undiciFetch } from 'undici'
import { formOf } from './multipart.ts'
import { stored } from './stored.ts'
import { post } from './uploads.ts'

const MiB = 1024 * 1024
const tooMuch = Buffer.alloc(65 * MiB)
tiffOf(MiB).copy(tooMuch)

/** Shared by all tests. */
const darkroom = await startDarkroom({ after })

test('bad input is answered with a problem that names the mistake, and leaves nothing behind', async t => {
  const { url, dataDir } = darkroom
  const image = await generateImage({ kind: 'png', width: 60, height: 40, seed: 1 })
  const bomb = announcing(image, 60_000, 60_000)
  const postForm = (...parts: Parameters<typeof formOf>[0]) => {
    const { body, headers } = formOf(parts)
    return post(url, body, headers)
  }
  const file = { name: 'file', filename: 'picture.png', content: image }
  const untouched = (t: { after(work: () => unknown): void }) =>
    t.after(() => until('nothing of it is stored', () => stored(dataDir).length === 0))

  const bodies: [what: string, body: Buffer, status: number, code: string][] = [
    ['text instead of an image', Buffer.from('This is a letter, not a picture of one.'), 415, 'not-an-image'],
    [
      'SVG, which could load other files',
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'),
      415,
      'not-an-image',
    ],
    ['nothing', Buffer.alloc(0), 400, 'empty-body'],
    ['a header that announces 60000 x 60000 pixels', bomb, 422, 'too-many-pixels'],
  ]
  for (const [what, body, status, code] of bodies) {
    await t.test(`${what}, raw`, async t => {
      untouched(t)
      assertProblemResponse(await post(url, body), status, code)
    })
    await t.test(`${what}, in a form`, async t => {
      untouched(t)
      assertProblemResponse(await postForm({ ...file, content: body }), status, code)
    })
  }

  await t.test('an upload without a body is refused', async t => {
    untouched(t)
    assertProblemResponse(await httpRequest(url, '/images', { method: 'POST' }), 400, 'empty-body')
  })

  await t.test('forms that are not valid are refused with the mistake', async t => {
    const field = { name: 'operations', content: 'swap-channels' }
    const { body, headers } = formOf([file])
    const forms: [what: string, send: () => Promise<HttpResponse>, expected: RegExp][] = [
      [
        'the operations after the file',
        () => postForm(file, field),
        /"operations" must come before the file/,
      ],
      ['two files', () => postForm(file, file), /more than one file/],
      ['no file', () => postForm(field), /no file/],
      [
        'an unknown field',
        () => postForm({ name: 'size', content: '1' }, file),
        /unknown field "size"; allowed fields: operations, variants, preset, callback/,
      ],
      ['a missing end', () => post(url, body.subarray(0, -10), headers), /not valid/],
      ['no boundary', () => post(url, body, { 'content-type': 'multipart/form-data' }), /oundary/],
      [
        'another boundary',
        () => post(url, body, { 'content-type': 'multipart/form-data; boundary=other' }),
        /not valid|no file/,
      ],
      ['no parts', () => post(url, Buffer.from('nothing'), headers), /not valid|no file/],
    ]
    for (const [what, send, expected] of forms) {
      await t.test(what, async t => {
        untouched(t)
        const answer = await send()
        assertProblemResponse(answer, 400, 'invalid-form')
        assert.match(String(answer.json().detail), expected)
      })
    }
  })

  await t.test('unknown operations are answered with the list of operations', async t => {
    untouched(t)
    for (const [operations, expected] of [
      ['solarise', /unknown operation "solarise"; available operations: swap-channels/],
      ['swap-channels:xyz', /bgr, rbg/],
      ['[{"name":', /not valid JSON/],
      ['', /the list of operations is empty/],
    ] as const) {
      const path = `/images?operations=${encodeURIComponent(operations)}`
      const raw = await httpRequest(url, path, { method: 'POST', body: image })
      const form = await postForm({ name: 'operations', content: operations }, file)
      for (const answer of [raw, form]) {
        assertProblemResponse(answer, 400, 'invalid-operations')
        assert.match(String(answer.json().detail), expected)
      }
    }
  })

  await t.test('65 MiB are refused, and the client gets the response', async t => {
    const body = join(temporaryFolder(t), 'too-much')
    writeFileSync(body, tooMuch)
    const inChunks = async function* () {
      for (let at = 0; at < tooMuch.length; at += MiB) yield tooMuch.subarray(at, at + MiB)
    }
    await t.test("with node's http, of declared length", async () => {
      // Refused before it is read, while most of it is in progress; repeated, because a response may be lost occasionally.
      for (let count = 0; count < 20; count++)
        assertProblemResponse(await post(url, tooMuch), 413, 'too-large')
    })
    await t.test("with node's http, in chunks", async () => {
      const answer = await httpRequest(url, '/images', { method: 'POST', body: inChunks() })
      assertProblemResponse(answer, 413, 'too-large')
    })
    await t.test("with node's http, in a form", async () => {
      assertProblemResponse(await postForm({ ...file, content: tooMuch }), 413, 'too-large')
    })
    for (const [how, given] of [
      ['of declared length', tooMuch],
      ['in chunks', inChunks()],
    ] as const) {
      await t.test(`with undici, ${how}`, async () => {
        const answer = await undiciFetch(`${url}/images`, { method: 'POST', body: given, duplex: 'half' })
        assert.equal(answer.status, 413)
        assert.equal(((await answer.json()) as { type: string }).type, 'urn:darkroom:problem:too-large')
      })
    }
    for (const [how, options] of [
      ['of declared length', ['--data-binary', `@${body}`]],
      [
        'of declared length, without waiting for 100 Continue',
        ['-H', 'expect:', '--data-binary', `@${body}`],
      ],
      ['in chunks', ['-H', 'transfer-encoding: chunked', '--data-binary', `@${body}`]],
      ['in a form', ['-F', `file=@${body}`]],
    ] as const) {
      await t.test(
        `with curl, ${how}`,
        { skip: spawnSync('curl', ['--version']).error && 'needs curl' },
        () => {
          const { stdout, stderr } = spawnSync(
            'curl',
            ['-sS', '-w', ' %{http_code}', ...options, `${url}/images`],
            {
              encoding: 'utf8',
            },
          )
          assert.match(stdout, /urn:darkroom:problem:too-large.* 413$/, stderr)
        },
      )
    }
    untouched(t)
  })

  await t.test('ids without an image are answered with problems', async () => {
    const known = '01890000-0000-7000-8000-000000000000'
    for (const id of [
      known,
      'x',
      '..',
      '../..',
      '%2e%2e%2f',
      '%2e%2e%2f%2e%2e%2fetc%2fpasswd',
      '%00',
      '%zz',
      'a'.repeat(2000),
    ]) {
      for (const path of [`/images/${id}`, `/images/${id}/result`, `/images/${id}/original`]) {
        for (const method of ['GET', 'DELETE']) {
          const { status, headers } = await httpRequest(url, path, { method })
          assert.ok([400, 404, 405, 414].includes(status), `${method} ${path}: ${status}`)
          assert.match(String(headers['content-type']), /^application\/problem\+json/)
        }
      }
      const legacy = await httpRequest(url, `/image/get?id=${id}`)
      assert.ok([400, 404].includes(legacy.status), `/image/get?id=${id}: ${legacy.status}`)
    }
  })

  await t.test('a method that a path does not have is refused with the allowed methods', async () => {
    for (const [method, path, allowed] of [
      ['PUT', '/images', ['GET', 'POST']],
      ['POST', '/images/x', ['GET', 'DELETE']],
      ['DELETE', '/images/x/result', ['GET']],
      ['GET', '/newImage', ['POST']],
      ['POST', '/image/isReady', ['GET']],
    ] as const) {
      const answer = await httpRequest(url, path, { method })
      assertProblemResponse(answer, 405, 'method-not-allowed')
      const named = String(answer.headers.allow).split(', ')
      for (const one of allowed) assert.ok(named.includes(one), `${path} allows ${named}`)
    }
    assertProblemResponse(await httpRequest(url, '/nowhere'), 404, 'no-such-route')
  })
})

test('truncated files of every format are refused at once, or fail with a reason', async () => {
  const { url } = darkroom
  const cuts = imageKinds.flatMap(kind => [0.02, 0.5, 0.9].map(share => ({ kind, share })))
  await mapConcurrently(4, cuts, async ({ kind, share }) => {
    const image = await generateImage({ kind, width: 120, height: 90, seed: 1 })
    const answer = await post(url, image.subarray(0, Math.ceil(image.length * share)), { prefer: 'wait=50' })
    const what = `${share} of a ${kind}: ${answer.body}`
    if (answer.status === 200) {
      const { state, error } = answer.json()
      assert.equal(state, 'failed', what)
      assert.match(String((error as { detail: string }).detail), /\w+ \w+/, what)
    } else {
      assert.ok(answer.status === 422 || answer.status === 415, what)
      assert.match(String(answer.json().detail), /\w+ \w+/, what)
    }
  })
})

test('internal routes of the single process require its token', async () => {
  for (const [service, path] of [
    ['image-master', '/getWork?worker=thief'],
    ['image-master', '/isReady?id=x'],
    ['kv-config', '/keys'],
    ['storage', '/images?stage=pre'],
    ['task-db', '/stats'],
    ['frontend', '/metrics'],
  ] as const) {
    for (const headers of [{}, { authorization: 'Bearer guess' }]) {
      const answer = await httpRequest(darkroom.urlOf(service), path, { headers })
      assertProblemResponse(answer, 401, 'unauthorized')
    }
    assert.ok((await darkroom.ask(service, path)).status < 300, `${service} ${path}`)
  }
  assert.equal(fileMode(darkroom), 0o600)
})

function fileMode({ dataDir }: Darkroom): number {
  return statSync(join(dataDir, 'cluster-token')).mode & 0o777
}

function assertProblemResponse(answer: HttpResponse, status: number, code: string): void {
  assertProblem({ ...answer, statusCode: answer.status }, status, code)
}

/** A PNG file whose header has another size than its pixels. */
function announcing(png: Uint8Array, width: number, height: number): Buffer {
  const header = Buffer.from(png)
  header.writeUInt32BE(width, 16)
  header.writeUInt32BE(height, 20)
  header.writeUInt32BE(crc32(header.subarray(12, 29)), 29)
  return header
}
