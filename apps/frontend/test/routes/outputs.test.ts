import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { outputKey, outputsOf, problemType, readVariants, type Work } from '@darkroom/contracts'
import { storageFiles } from '@darkroom/image-master/testing'
import { generateImage, type HttpAnswer, until } from '@darkroom/testing'
import { startGuarded } from '../access/start-guarded.ts'
import { filePart, formData, formHeaders } from '../form-data.ts'

const png = await generateImage({ kind: 'png', width: 40, height: 30, seed: 1 })
const frontend = await startGuarded({ after })
const { clients } = frontend
const [operator, alice, bob] = await Promise.all([
  frontend.makeKey({ role: 'operator' }),
  frontend.makeKey({ owner: 'alice' }),
  frontend.makeKey({ owner: 'bob' }),
])
const flip = [{ name: 'flip' }]
const flop = [{ name: 'flop' }]
const json = { 'content-type': 'application/json' }

function ask(path: string, method = 'GET', body?: object, key = alice.key) {
  const request = body ? { headers: json, body: Buffer.from(JSON.stringify(body)) } : {}
  return frontend.askWith(key, path, { method, ...request })
}

function upload(query: string, body: Uint8Array = png, headers: Record<string, string> = {}) {
  return frontend.askWith(alice.key, `/images${query}`, { method: 'POST', body, headers })
}

function assertProblem(answer: HttpAnswer, status: number, code: string, message: RegExp): void {
  assert.deepEqual([answer.status, answer.json().type], [status, problemType(code)], String(answer.body))
  assert.match(String(answer.json().detail), message)
}

/** The status document without the fields that differ between images. */
function outputsIn(answer: HttpAnswer): object {
  assert.equal(answer.status, 202, String(answer.body))
  const { operations, variants, preset, from } = answer.json()
  return JSON.parse(JSON.stringify({ operations, variants, preset, from }))
}

async function takeWork(decodes: string): Promise<Work | undefined> {
  const reply = await clients.imageMaster.getWork({ querystring: { worker: 'w', decodes } })
  return reply.status === 200 ? reply.body : undefined
}

/** Finishes the next task as a worker does. The bytes of each output are its name. */
async function finishNext(): Promise<string> {
  const work = await takeWork('variants')
  if (!work) assert.fail('there was no work')
  const facts = outputsOf(work).map(async ({ name }) => {
    const stored = await clients.storage.putBlob({
      params: { key: outputKey(work.id, name), stage: 'post' },
      querystring: { fence: work.lease.token },
      headers: { 'content-type': 'image/webp' },
      body: Buffer.from(name ?? 'the result'),
    })
    if (stored.status !== 201) assert.fail('an output was not stored')
    return [name, { ...stored.body, width: 4, height: 3, frames: 1 }] as const
  })
  const all = await Promise.all(facts)
  const result = all.find(([name]) => name === undefined)?.[1]
  const variants = Object.fromEntries(all.filter(([name]) => name !== undefined))
  await clients.imageMaster.workFinished({
    body: { id: work.id, lease: work.lease.token, ...(result && { result }), variants },
  })
  return work.id
}

async function deleteAll(): Promise<void> {
  const { images } = (await ask('/images', 'GET', undefined, operator.key)).json() as {
    images: { id: string }[]
  }
  for (const { id } of images) await ask(`/images/${id}`, 'DELETE', undefined, operator.key)
}

describe('variants', () => {
  for (const [where, send] of [
    ['in the query', () => upload('?operations=flip&variants=thumb=flop;card=flip')],
    [
      'as JSON in the query',
      () =>
        upload(
          `?operations=flip&variants=${encodeURIComponent('{"thumb":"flop","card":[{"name":"flip"}]}')}`,
        ),
    ],
    [
      'as fields of a form',
      () =>
        upload(
          '?operations=flop',
          formData(
            { name: 'variants', content: 'thumb=flop;card=flip' },
            { name: 'operations', content: 'flip' },
            filePart(png),
          ),
          formHeaders,
        ),
    ],
  ] as const) {
    test(`are accepted ${where}`, async t => {
      t.after(deleteAll)
      const answer = await send()
      assert.deepEqual(outputsIn(answer), {
        operations: flip,
        variants: { thumb: { operations: flop }, card: { operations: flip } },
      })
      const { id, links } = answer.json() as { id: string; links: object }
      const self = `/images/${id}`
      assert.deepEqual(links, {
        ...{ self, original: `${self}/original`, result: `${self}/result`, events: `${self}/events` },
        variants: { thumb: `${self}/variants/thumb`, card: `${self}/variants/card` },
      })
    })
  }

  for (const [query, message] of [
    ['?variants=thumb=solarise', /variant "thumb": there is no operation "solarise"/],
    ['?variants=', /is not a variant/],
    [`?variants=${[...'abcdefghi'].map(name => `${name}=flip`).join(';')}`, /got 9 variants/],
    ['?variants=a/b=flip', /"a\/b" can't be the name/],
  ] as const) {
    test(`are refused, and nothing is stored: ${query}`, async () => {
      const before = storageFiles(frontend).length
      assertProblem(await upload(query), 400, 'invalid-operations', message)
      assert.equal(storageFiles(frontend).length, before)
    })
  }

  test('are accepted up to their greatest number and length', async t => {
    t.after(deleteAll)
    const list = Array.from({ length: 10 }, () => ({
      name: 'resize',
      width: 12345,
      height: 12345,
      fit: 'cover',
      position: 'bottom-right',
    }))
    const names = Array.from({ length: 8 }, (_, n) => 'v'.repeat(63) + n)
    const variants = Object.fromEntries(names.map(name => [name, list]))
    const { id } = (await upload('')).json()
    const answer = await ask('/images', 'POST', { from: id, variants, operations: list })
    assert.equal(answer.status, 202, String(answer.body))
    const form = formData({ name: 'variants', content: JSON.stringify(variants) }, filePart(png))
    assert.equal((await upload('', form, formHeaders)).status, 202)
  })

  test('are developed only by workers that know them, are served, and are deleted with their image', async t => {
    t.after(deleteAll)
    const { id } = (await upload('?variants=thumb=flip;card=flop')).json()
    assertProblem(await ask(`/images/${id}/variants/thumb`), 409, 'not-ready', /not-started/)
    assert.equal(await takeWork(''), undefined)
    assert.equal(await takeWork('image/heic'), undefined)
    assert.equal(await finishNext(), id)
    const status = (await ask(`/images/${id}`)).json() as {
      variants: Record<string, { result: object }>
      links: object
    }
    assert.deepEqual(Object.keys(status.variants.thumb?.result ?? {}), [
      'contentType',
      'bytes',
      'width',
      'height',
      'frames',
      'sha256',
    ])
    assert.ok(!('result' in status) && !('result' in status.links))
    const thumb = await ask(`/images/${id}/variants/thumb`)
    assert.deepEqual(
      [thumb.status, String(thumb.body), thumb.headers['content-type']],
      [200, 'thumb', 'image/webp'],
    )
    assert.equal(thumb.headers['content-disposition'], `inline; filename="${id}_thumb.webp"`)
    const part = await frontend.askWith(alice.key, `/images/${id}/variants/card`, {
      headers: { range: 'bytes=1-2' },
    })
    assert.deepEqual([part.status, String(part.body)], [206, 'ar'])
    assertProblem(await ask(`/images/${id}/variants/other`), 404, 'variant-not-found', /has: thumb, card/)
    for (const path of [`/images/${id}/result`, `/image/get?id=${id}`])
      assertProblem(await ask(path), 404, 'no-result', /only variants: thumb, card/)
    assert.equal((await ask(`/images/${id}/variants/thumb`, 'GET', undefined, bob.key)).status, 404)
    assert.equal((await ask(`/images/${id}`, 'DELETE')).status, 204)
    assert.deepEqual(
      storageFiles(frontend).filter(name => name.includes(String(id))),
      [],
    )
  })

  test('can be left out of an archive', async t => {
    t.after(deleteAll)
    const { id } = (await upload('?operations=flip&variants=thumb=flip;card=flop')).json()
    await finishNext()
    const has = async (query: string) => {
      const { status, body } = await ask(`/images/archive?ids=${id}${query}`)
      assert.equal(status, 200, String(body))
      return ['', '_thumb', '_card'].filter(end => body.includes(`${id}${end}.webp`))
    }
    assert.deepEqual(await has(''), ['', '_thumb', '_card'])
    assert.deepEqual(await has('&without=thumb'), ['', '_card'])
    assert.deepEqual(await has('&without=card,thumb,other'), [''])
  })

  test('must be the same for the same idempotency key', async t => {
    t.after(deleteAll)
    const send = (query: string) => upload(query, png, { 'idempotency-key': 'order-18' })
    const { id } = (await send('?variants=thumb=flip')).json()
    assert.equal((await send('?variants=thumb=flip')).json().id, id)
    assertProblem(await send('?variants=thumb=flop'), 422, 'idempotency-key-reused', /other operations/)
  })
})

describe('a development of a stored original', () => {
  test('has its own copy, which stays when the first image is deleted', async t => {
    t.after(deleteAll)
    const { id: from, original } = (await upload('?operations=flip')).json()
    const answer = await ask('/images', 'POST', { from, operations: flop, variants: { thumb: 'flip' } })
    assert.deepEqual(outputsIn(answer), { operations: flop, variants: { thumb: { operations: flip } }, from })
    const { id, original: copied } = answer.json()
    assert.notEqual(id, from)
    assert.equal(answer.headers.location, `/images/${id}`)
    assert.deepEqual(copied, original)
    assert.equal((await ask(`/images/${from}`, 'DELETE')).status, 204)
    assert.ok((await ask(`/images/${id}/original`)).body.equals(png))
    assertProblem(await ask('/images', 'POST', { from }), 404, 'image-not-found', /there is no image/)
  })

  test('is 410 when the original is deleted, and leaves nothing behind', async t => {
    t.after(deleteAll)
    const { id: from } = (await upload('')).json()
    await clients.storage.deleteBlob({ params: { key: String(from), stage: 'pre' }, headers: {} })
    assertProblem(await ask('/images', 'POST', { from }), 410, 'original-gone', /no longer stored/)
    assert.deepEqual(storageFiles(frontend), [])
  })

  test('is 404 for images of other owners, as for missing images', async t => {
    t.after(deleteAll)
    const { id: from } = (await upload('')).json()
    const theirs = await ask('/images', 'POST', { from }, bob.key)
    const none = await ask('/images', 'POST', { from: '01990000-0000-7000-8000-000000000001' }, bob.key)
    const message = ({ body }: HttpAnswer) => String(body).replaceAll(/[0-9a-f-]{36}/g, 'ID')
    assert.deepEqual([theirs.status, message(theirs)], [404, message(none)])
    assert.equal((await ask('/images', 'POST', { from }, operator.key)).status, 202)
  })

  for (const [body, message] of [
    ['{"from":', /not valid JSON: /],
    ['{}', /exactly one of url and from is required/],
    ['{"from":"x","url":"https://a.example"}', /exactly one of url and from is required/],
    ['{"from":1}', /from/],
    ['{"from":"x","size":1}', /unknown size/],
  ] as const) {
    test(`is refused for the body ${body}`, async () => {
      assertProblem(await upload('', Buffer.from(body), json), 400, 'invalid-request', message)
    })
  }

  test('is refused for JSON with another type, which any page could send without a preflight', async () => {
    const { id: from } = (await upload('')).json()
    const answer = await upload('', Buffer.from(JSON.stringify({ from })), { 'content-type': 'text/plain' })
    assertProblem(answer, 415, 'not-an-image', /unsupported file type/)
    await deleteAll()
  })
})

describe('presets', () => {
  test('are written by operators, read by all, expanded at intake, and deleted', async t => {
    t.after(deleteAll)
    const given = { operations: 'flip', variants: { thumb: 'flop' } }
    assert.equal((await ask('/presets/shop', 'PUT', given)).status, 403)
    const preset = { operations: flip, variants: { thumb: { operations: flop } } }
    const made = await ask('/presets/shop', 'PUT', given, operator.key)
    assert.deepEqual([made.status, made.json()], [201, { name: 'shop', ...preset }])
    assert.deepEqual((await ask('/presets')).json(), { presets: [{ name: 'shop', ...preset }] })
    const before = await upload('?preset=shop')
    assert.deepEqual(outputsIn(before), { ...preset, preset: 'shop' })
    assert.equal((await ask('/presets/shop', 'PUT', { variants: { t: 'flip' } }, operator.key)).status, 200)
    const variants = { t: { operations: flip } }
    assert.deepEqual(outputsIn(await upload('?preset=shop')), { variants, preset: 'shop' })
    const { operations, variants: accepted } = (await ask(`/images/${before.json().id}`)).json()
    assert.deepEqual({ operations, variants: accepted }, preset)
    const listed = await ask('/images?preset=shop&limit=1')
    const rest = await ask(`/images?preset=shop&cursor=${listed.json().next}`)
    const ids = [listed, rest].flatMap(page => (page.json().images as { id: string }[]).map(({ id }) => id))
    assert.deepEqual([ids.length, ids[1]], [2, before.json().id])
    assert.deepEqual((await ask('/images?preset=none')).json(), { images: [] })
    assert.equal((await ask('/images?preset=a.b')).status, 400)
    assert.equal((await ask('/presets/shop', 'DELETE')).status, 403)
    assert.equal((await ask('/presets/shop', 'DELETE', undefined, operator.key)).status, 204)
    assert.equal((await ask('/presets/shop', 'DELETE', undefined, operator.key)).status, 404)
  })

  test('do not override the options of the upload', async t => {
    t.after(deleteAll)
    await ask('/presets/shop', 'PUT', { operations: 'flip', variants: { thumb: 'flop' } }, operator.key)
    await ask('/presets/both', 'PUT', { operations: 'flop' }, operator.key)
    const variants = readVariants('own=flip')
    assert.deepEqual(outputsIn(await upload('?preset=shop&operations=flop')), {
      ...{ operations: flop, variants: { thumb: { operations: flop } }, preset: 'shop' },
    })
    const form = formData(
      { name: 'preset', content: 'shop' },
      { name: 'variants', content: 'own=flip' },
      filePart(png),
    )
    assert.deepEqual(outputsIn(await upload('', form, formHeaders)), {
      operations: flip,
      variants,
      preset: 'shop',
    })
    const { id: from } = (await upload('')).json()
    assert.deepEqual(
      outputsIn(await ask('/images', 'POST', { from, preset: 'shop', variants: { own: 'flip' } })),
      {
        ...{ operations: flip, variants, preset: 'shop', from },
      },
    )
    assertProblem(
      await upload('?preset=none'),
      400,
      'invalid-preset',
      /no preset "none"; there are: both, shop/,
    )
    assertProblem(await upload('?preset=..%2Fshop'), 400, 'invalid-preset', /there are: both, shop/)
  })

  for (const [name, body, message] of [
    ['shop', {}, /needs operations, variants, or both/],
    ['shop', { operations: 'solarise' }, /no operation "solarise"/],
    ['shop', { variants: { thumb: [] } }, /variant "thumb": the list of operations is empty/],
    ['shop', { size: 1 }, /unknown size/],
    ['a.b', { operations: 'flip' }, /"a.b" can't be the name of a preset/],
  ] as const) {
    test(`are refused: ${name} ${JSON.stringify(body)}`, async () => {
      const answer = await ask(`/presets/${name}`, 'PUT', body, operator.key)
      assert.equal(answer.status, 400)
      assert.match(String(answer.json().detail), message)
    })
  }

  test('that are not valid in kv-config are refused with a clear error', async () => {
    await clients.kv.setKey({
      ...{ params: { '*': 'config/presets/odd' }, querystring: {}, headers: {} },
      body: Buffer.from('{"operations":"flip"}'),
    })
    assertProblem(await upload('?preset=odd'), 400, 'invalid-preset', /"odd" in kv-config is not valid/)
    await until(
      'it is logged',
      () => JSON.stringify(frontend.log).includes('not a preset') || ask('/presets').then(() => false),
    )
  })
})
