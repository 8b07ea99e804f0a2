import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { problemType } from '@darkroom/contracts'
import { assertProblem, generateImage } from '@darkroom/testing'
import { failNext, finishNext, startFrontend, uploadImage } from '../start-frontend.ts'

const image = await generateImage({ kind: 'png', width: 8, height: 8, seed: 1 })
const frontend = await startFrontend({ after })
const { app, ask } = frontend
const retry = (id: string) => app.inject({ method: 'POST', url: `/images/${id}/retry` })

const upload = () => uploadImage(frontend, image)

test('a failed image is developed again', async () => {
  const id = await upload()
  await failNext(frontend, { type: problemType('undecodable'), title: 'Undecodable', detail: 'cut off' })
  const response = await retry(id)
  assert.equal(response.statusCode, 202)
  assert.equal(response.headers['retry-after'], '1')
  const { state, attempts, error, finishedAt } = response.json()
  assert.deepEqual([state, attempts, error, finishedAt], ['not-started', 0, undefined, undefined])
  assert.equal(await finishNext(frontend, image), id)
  assert.equal((await ask(`/images/${id}`)).json().state, 'finished')
})

test('an image that has not failed is not retried', async () => {
  const id = await upload()
  assertProblem(await retry(id), 409, 'not-failed')
  await finishNext(frontend, image)
  assertProblem(await retry(id), 409, 'not-failed')
})

test('a retry of a missing image returns 404', async () => {
  assertProblem(await retry('01990000-0000-7000-8000-000000000001'), 404, 'image-not-found')
  assertProblem(await retry('what'), 404, 'image-not-found')
})

test('operators retry all failed images that match a filter, page by page', async () => {
  const failure = { type: problemType('undecodable'), title: 'Undecodable', detail: 'cut off' }
  const other = { ...failure, type: problemType('took-too-long') }
  const ids: string[] = []
  for (const error of [failure, other, failure, failure]) {
    ids.push(await upload())
    await failNext(frontend, error)
  }
  const retryAll = async (query: string) => {
    const { statusCode, json } = await app.inject({ method: 'POST', url: `/images/retry?${query}` })
    assert.equal(statusCode, 200)
    return json() as { retried: number; next?: string }
  }
  assert.deepEqual(await retryAll('count=only'), { retried: 4 })
  assert.deepEqual(await retryAll(`count=only&type=${failure.type}`), { retried: 3 })
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString()
  assert.deepEqual(await retryAll(`since=${tomorrow}`), { retried: 0 })
  const first = await retryAll(`type=${failure.type}&limit=1`)
  assert.equal(first.retried, 1)
  const second = await retryAll(`type=${failure.type}&limit=100&cursor=${first.next}`)
  assert.deepEqual(second, { retried: 2 })
  const states = await Promise.all(ids.map(async id => (await ask(`/images/${id}`)).json().state))
  assert.deepEqual(states, ['not-started', 'failed', 'not-started', 'not-started'])
  assert.deepEqual(await retryAll('state=failed'), { retried: 1 })
  assertProblem(
    await app.inject({ method: 'POST', url: '/images/retry?state=finished' }),
    400,
    'invalid-request',
  )
  assertProblem(await app.inject({ method: 'POST', url: '/images/retry?cursor=x' }), 400, 'invalid-cursor')
})

test('listings can begin at a point in time', async () => {
  const id = await upload()
  const { createdAt } = (await ask(`/images/${id}`)).json()
  const at = Date.parse(String(createdAt))
  const list = async (since: number) =>
    (await ask(`/images?limit=1000&since=${new Date(since).toISOString()}`)).json().images as { id: string }[]
  assert.ok((await list(at - 60_000)).some(image => image.id === id))
  assert.deepEqual(await list(at + 60_000), [])
  // `Date` does not support leap seconds.
  for (const wrong of ['yesterday', '2016-12-31T23:59:60Z', '2016-12-31T15:59:60-08:00'])
    assert.equal((await ask(`/images?since=${wrong}`)).status, 400)
})
