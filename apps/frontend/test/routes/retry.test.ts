import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { problemType } from '@darkroom/contracts'
import { assertProblem, generateImage } from '@darkroom/testing'
import { failNext, finishNext, startFrontend } from '../start-frontend.ts'

const image = await generateImage({ kind: 'png', width: 8, height: 8, seed: 1 })
const frontend = await startFrontend({ after })
const { app, ask } = frontend
const retry = (id: string) => app.inject({ method: 'POST', url: `/images/${id}/retry` })

async function upload(): Promise<string> {
  const { status, json } = await ask('/images', { method: 'POST', body: image })
  assert.equal(status, 202)
  return String(json().id)
}

test('a failed image is developed anew', async () => {
  const id = await upload()
  await failNext(frontend, { type: problemType('undecodable'), title: 'Undecodable', detail: 'cut off' })
  const answer = await retry(id)
  assert.equal(answer.statusCode, 202)
  assert.equal(answer.headers['retry-after'], '1')
  const { state, attempts, error, finishedAt } = answer.json()
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

test('an image that is not there is not retried', async () => {
  assertProblem(await retry('01990000-0000-7000-8000-000000000001'), 404, 'image-not-found')
  assertProblem(await retry('what'), 404, 'image-not-found')
})
