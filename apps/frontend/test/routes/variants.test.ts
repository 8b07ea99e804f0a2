import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { blobNames } from '@darkroom/image-master/testing'
import { assertProblem } from '@darkroom/testing'
import { filePart, formData, formHeaders } from '../form-data.ts'
import { flip, flop, outputsIn, png, startWithOwners } from './start-with-owners.ts'

const { frontend, alice, bob, ask, upload, takeWork, finishNext, deleteAll } = await startWithOwners({
  after,
})

suite('variants', () => {
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
    test(`variants are accepted ${where}`, async t => {
      t.after(deleteAll)
      const response = await send()
      assert.deepEqual(outputsIn(response), {
        operations: flip,
        variants: { thumb: { operations: flop }, card: { operations: flip } },
      })
      const { id, links } = response.json() as { id: string; links: object }
      const self = `/images/${id}`
      assert.deepEqual(links, {
        ...{ self, original: `${self}/original`, result: `${self}/result`, events: `${self}/events` },
        variants: { thumb: `${self}/variants/thumb`, card: `${self}/variants/card` },
      })
    })
  }

  for (const [query, message] of [
    ['?variants=thumb=solarise', /variant "thumb": unknown operation "solarise"/],
    ['?variants=', /is not a variant/],
    [`?variants=${[...'abcdefghi'].map(name => `${name}=flip`).join(';')}`, /got 9 variants/],
    ['?variants=a/b=flip', /"a\/b" cannot be the name/],
  ] as const) {
    test(`variants are refused, and nothing is stored: ${query}`, async () => {
      const before = blobNames(frontend).length
      assertProblem(await upload(query), 400, 'invalid-operations', message)
      assert.equal(blobNames(frontend).length, before)
    })
  }

  test('variants are accepted up to their greatest number and length', async t => {
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
    const response = await ask('/images', 'POST', { from: id, variants, operations: list })
    assert.equal(response.status, 202, String(response.body))
    const form = formData({ name: 'variants', content: JSON.stringify(variants) }, filePart(png))
    assert.equal((await upload('', form, formHeaders)).status, 202)
  })

  test('variants are developed only by workers that support them, are served, and end with their image', async t => {
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
      blobNames(frontend).filter(name => name.includes(String(id))),
      [],
    )
  })

  test('variants can be left out of an archive', async t => {
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

  test('variants must be the same for the same idempotency key', async t => {
    t.after(deleteAll)
    const send = (query: string) => upload(query, png, { 'idempotency-key': 'order-18' })
    const { id } = (await send('?variants=thumb=flip')).json()
    assert.equal((await send('?variants=thumb=flip')).json().id, id)
    assertProblem(await send('?variants=thumb=flop'), 422, 'idempotency-key-reused', /other operations/)
  })
})
