import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { problemType } from '@darkroom/contracts'
import { assertProblem, generateImage, until } from '@darkroom/testing'
import {
  type Frontend,
  failNext,
  finishNext,
  startFrontend,
  takeWork,
  uploadImage,
} from '../start-frontend.ts'

const image = await generateImage({ kind: 'png', width: 8, height: 8, seed: 1 })

interface Event {
  name: string
  id: string | undefined
  data: { id?: string; state?: string; links?: { self: string } }
}

/** Reads a stream of events as they arrive. */
async function follow(t: TestContext, { url }: Frontend, path: string, headers: Record<string, string> = {}) {
  const hangUp = new AbortController()
  t.after(() => hangUp.abort())
  const answer = await fetch(url + path, { headers, signal: hangUp.signal })
  const events: Event[] = []
  let text = ''
  let isOver = false
  const read = async () => {
    for await (const chunk of answer.body ?? []) {
      text += Buffer.from(chunk).toString()
      const blocks = text.split('\n\n')
      text = blocks.pop() ?? ''
      for (const block of blocks) if (block.startsWith('event: ')) events.push(parse(block))
    }
    isOver = true
  }
  read().catch(() => undefined)
  return { answer, events, hangUp, isOver: () => isOver }
}

function parse(block: string): Event {
  const fields = new Map(
    block.split('\n').map(line => [line.split(': ')[0], line.slice(line.indexOf(': ') + 2)]),
  )
  return {
    name: String(fields.get('event')),
    id: fields.get('id'),
    data: JSON.parse(String(fields.get('data'))),
  }
}

test('the events of an image are its current state and each change until its end', async t => {
  const frontend = await startFrontend(t)
  const id = await uploadImage(frontend, image)
  const { answer, events, isOver } = await follow(t, frontend, `/images/${id}/events`)
  assert.equal(answer.headers.get('content-type'), 'text/event-stream')
  assert.equal(answer.headers.get('x-accel-buffering'), 'no')
  await until('the first state is there', () => events.length > 0)
  await uploadImage(frontend, image) // not an event of this stream
  await finishNext(frontend, image)
  await until('the stream is over', isOver)
  assert.deepEqual([events[0]?.id, events[0]?.data.state], [`${id}:1`, 'not-started'])
  assert.deepEqual([events.at(-1)?.id, events.at(-1)?.data.state], [`${id}:3`, 'finished'])
  assert.ok(events.every(({ name, data }) => name === 'state' && data.id === id))
  assert.equal(events.at(-1)?.data.links?.self, `/images/${id}`)
})

test('HEAD of events is answered at once, with the headers of the stream', async t => {
  const frontend = await startFrontend(t)
  const id = await uploadImage(frontend, image)
  for (const path of ['/images/events', `/images/${id}/events`]) {
    const { status, headers } = await frontend.ask(path, { method: 'HEAD' })
    assert.deepEqual([status, headers['content-type']], [200, 'text/event-stream'], path)
  }
})

test('an image that has ended has one event; a client that has seen it gets 204', async t => {
  const frontend = await startFrontend(t)
  const id = await uploadImage(frontend, image)
  await failNext(frontend, { type: problemType('undecodable'), title: 'Undecodable', detail: 'cut off' })
  const { events, isOver } = await follow(t, frontend, `/images/${id}/events`)
  await until('the stream is over', isOver)
  assert.deepEqual(
    events.map(({ data }) => data.state),
    ['failed'],
  )
  const seen = String(events[0]?.id)
  const path = `/images/${id}/events`
  const { answer } = await follow(t, frontend, path, { 'last-event-id': seen })
  assert.equal(answer.status, 204)
  // Libraries that replace EventSource send it in the query; they would reconnect forever.
  const query = new URLSearchParams({ lastEventId: seen })
  assert.equal((await follow(t, frontend, `${path}?${query}`)).answer.status, 204)
})

test('the events of an image end with its deletion; the events of a missing image return 404', async t => {
  const frontend = await startFrontend(t)
  const id = await uploadImage(frontend, image)
  const { events, isOver } = await follow(t, frontend, `/images/${id}/events`)
  const all = await follow(t, frontend, '/images/events')
  await until('the first state is there', () => [events, all.events].every(({ length }) => length > 0))
  assert.equal((await frontend.ask(`/images/${id}`, { method: 'DELETE' })).status, 204)
  await until('the stream is over', isOver)
  await until('the other stream has the deletion', () =>
    all.events.some(({ name, data }) => name === 'deleted' && data.id === id),
  )
  assert.deepEqual(events.at(-1), { name: 'deleted', id: undefined, data: { id } })
  assertProblem(await frontend.app.inject(`/images/${id}/events`), 404, 'image-not-found')
})

test('the events of all images begin with the images in progress', async t => {
  const frontend = await startFrontend(t)
  const ended = await finishAfterUpload(frontend)
  const running = await uploadImage(frontend, image)
  await takeWork(frontend)
  // A change that arrives while the images in progress are read may come before them.
  const earlier = await follow(t, frontend, '/images/events')
  const hasArrived = (id: string) => earlier.events.some(({ data }) => data.id === id)
  await until('the first is there', () => hasArrived(running))
  const waiting = await uploadImage(frontend, image)
  await until('its change has arrived', () => hasArrived(waiting))
  const { events } = await follow(t, frontend, '/images/events')
  await until('both are there', () => events.filter(({ name }) => name === 'state').length === 2)
  const states = () => events.filter(({ name }) => name === 'state').map(({ data }) => [data.id, data.state])
  assert.deepEqual(states(), [
    [running, 'in-progress'],
    [waiting, 'not-started'],
  ])
  await finishNext(frontend, image)
  await until('its end is there', () =>
    states().some(([id, state]) => id === waiting && state === 'finished'),
  )
  assert.ok(!states().some(([id]) => id === ended))
})

test('a client that reconnects to the events of all images gets a reset first, even if it has got no event yet', async t => {
  const frontend = await startFrontend(t)
  const first = await fetch(`${frontend.url}/images/events`)
  const reader = first.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  while (!/^id: \S+\n\n/m.test(text)) text += (await reader?.read())?.value
  await reader?.cancel()
  const [, id = ''] = /^id: (\S+)$/m.exec(text) ?? []
  await uploadImage(frontend, image)
  for (const [path, headers] of [
    ['/images/events', { 'last-event-id': id }],
    [`/images/events?lastEventId=${id}`, {}],
  ] as const) {
    const { events } = await follow(t, frontend, path, headers)
    await until('the state is there', () => events.some(({ name }) => name === 'state'))
    assert.equal(events[0]?.name, 'reset', path)
  }
})

test('one read of the task DB serves many streams', async t => {
  const frontend = await startFrontend(t)
  const id = await uploadImage(frontend, image)
  const streams = await Promise.all(
    Array.from({ length: 50 }, () => follow(t, frontend, `/images/${id}/events`)),
  )
  await until('all have begun', () => streams.every(({ events }) => events.length > 0))
  const reads = t.mock.method(frontend.clients.taskDb, 'getTask')
  await finishNext(frontend, image)
  await until('all are over', () => streams.every(({ isOver }) => isOver()))
  assert.ok(streams.every(({ events }) => events.at(-1)?.data.state === 'finished'))
  const ofStreams = reads.mock.calls.filter(({ arguments: [call] }) => call.params.id === id).length
  assert.ok(ofStreams < 10, `${ofStreams} reads`)
})

test('fault: streams catch up after an outage of the task DB', async t => {
  const frontend = await startFrontend(t)
  const id = await uploadImage(frontend, image)
  const { events } = await follow(t, frontend, `/images/${id}/events`)
  const all = await follow(t, frontend, '/images/events')
  await until('the first state is there', () => events.length > 0)
  await frontend.taskDb.close()
  await frontend.startTaskDb()
  await until('the stream reports that changes may be missing', () =>
    all.events.some(({ name }) => name === 'reset'),
  )
  await finishNext(frontend, image)
  await until('the end is there', () => events.at(-1)?.data.state === 'finished')
})

test('streams end when the frontend closes', async t => {
  const frontend = await startFrontend(t)
  const id = await uploadImage(frontend, image)
  const streams = [
    await follow(t, frontend, `/images/${id}/events`),
    await follow(t, frontend, '/images/events'),
  ]
  await frontend.app.close()
  await until('both are over', () => streams.every(({ isOver }) => isOver()))
})

async function finishAfterUpload(frontend: Frontend): Promise<string> {
  await uploadImage(frontend, image)
  return finishNext(frontend, image)
}
