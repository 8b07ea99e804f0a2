import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { blobNames } from '@darkroom/image-master/testing'
import type { HttpResponse } from '@darkroom/testing'
import { assertProblem } from '@darkroom/testing'
import { flip, flop, json, outputsIn, png, startWithOwners } from './start-with-owners.ts'

const { frontend, clients, operator, bob, ask, upload, deleteAll } = await startWithOwners({ after })

suite('a development of a stored original', () => {
  test('a development of a stored original has its own copy, which stays when the first image is deleted', async t => {
    t.after(deleteAll)
    const { id: from, original } = (await upload('?operations=flip')).json()
    const response = await ask('/images', 'POST', { from, operations: flop, variants: { thumb: 'flip' } })
    assert.deepEqual(outputsIn(response), {
      operations: flop,
      variants: { thumb: { operations: flip } },
      from,
    })
    const { id, original: copied } = response.json()
    assert.notEqual(id, from)
    assert.equal(response.headers.location, `/images/${id}`)
    assert.deepEqual(copied, original)
    assert.equal((await ask(`/images/${from}`, 'DELETE')).status, 204)
    assert.ok((await ask(`/images/${id}/original`)).body.equals(png))
    assertProblem(await ask('/images', 'POST', { from }), 404, 'image-not-found', /there is no image/)
  })

  test('a development of a stored original returns 410 when the original is deleted, and leaves nothing behind', async t => {
    t.after(deleteAll)
    const { id: from } = (await upload('')).json()
    await clients.storage.deleteBlob({ params: { key: String(from), stage: 'pre' }, headers: {} })
    assertProblem(await ask('/images', 'POST', { from }), 410, 'original-gone', /no longer stored/)
    assert.deepEqual(blobNames(frontend), [])
  })

  test('a development of a stored original returns 404 for images of other owners, as for missing images', async t => {
    t.after(deleteAll)
    const { id: from } = (await upload('')).json()
    const theirs = await ask('/images', 'POST', { from }, bob.key)
    const none = await ask('/images', 'POST', { from: '01990000-0000-7000-8000-000000000001' }, bob.key)
    const message = ({ body }: HttpResponse) => String(body).replaceAll(/[0-9a-f-]{36}/g, 'ID')
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
    test(`a development of a stored original is refused for the body ${body}`, async () => {
      assertProblem(await upload('', Buffer.from(body), json), 400, 'invalid-request', message)
    })
  }

  test('JSON with another type, which any page could send without a preflight, is refused', async () => {
    const { id: from } = (await upload('')).json()
    const response = await upload('', Buffer.from(JSON.stringify({ from })), { 'content-type': 'text/plain' })
    assertProblem(response, 415, 'not-an-image', /unsupported file type/)
    await deleteAll()
  })
})
