// Slow: it waits until workers are drained.
import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { until } from '@darkroom/testing'
import { facts, heldDevelopment, reverse } from './run-work-loop.ts'
import { shared, work } from './shared-workshop.ts'

const { imageMaster, storage } = shared.clients

/** Reports of `held` images wait until `release` is called. */
function holdReports(t: TestContext, held: () => readonly string[]) {
  const released = Promise.withResolvers<void>()
  t.after(() => released.resolve())
  const workFinished: typeof imageMaster.workFinished = async call => {
    if (held().includes(call.body.id)) await released.promise
    return imageMaster.workFinished(call)
  }
  return {
    clients: { storage, imageMaster: { ...imageMaster, workFinished } },
    release: released.resolve,
  }
}

suite('while a small result is delivered', () => {
  test('the thread develops the next image, if images wait', async t => {
    const ids: string[] = []
    for (const text of ['one', 'two', 'three', 'four']) ids.push(await shared.addTask(text))
    const { clients, release } = holdReports(t, () => ids.slice(1, 2))
    work(t, shared, { clients })
    for (const id of [ids[0], ids[2], ids[3]]) await shared.untilState(String(id), 'finished')
    assert.equal((await shared.taskOf(String(ids[1]))).state, 'in-progress')
    release()
    await shared.untilState(String(ids[1]), 'finished')
    assert.equal(await shared.resultOf(String(ids[1])), 'owt')
  })

  test('at most two images are on their way', async t => {
    const ids: string[] = []
    for (const text of ['one', 'two', 'three', 'four', 'five']) ids.push(await shared.addTask(text))
    const { clients, release } = holdReports(t, () => [ids[1], ids[3]].map(String))
    let requests = 0
    const fourthReported = Promise.withResolvers<void>()
    const watched: typeof imageMaster = {
      ...clients.imageMaster,
      getWork(call) {
        if (call.querystring.wait === 0) requests += 1
        return imageMaster.getWork(call)
      },
      workFinished(call) {
        if (call.body.id === ids[3]) fourthReported.resolve()
        return clients.imageMaster.workFinished(call)
      },
    }
    work(t, shared, { clients: { storage, imageMaster: watched } })
    await fourthReported.promise
    assert.equal(requests, 1)
    release()
    for (const id of ids) await shared.untilState(id, 'finished')
  })

  test('the memory of its original is left alone, as the result may share it', async t => {
    const text = 'a'.repeat(100_000)
    const ids = [
      await shared.addTask('first'),
      await shared.addTask(text),
      await shared.addTask('b'.repeat(100_000)),
    ]
    const begun = Promise.withResolvers<void>()
    const putBlob: typeof storage.putBlob = async call => {
      // The result of the second image is stored after the third image was fetched.
      if (call.params.key === ids[1]) await begun.promise
      return storage.putBlob(call)
    }
    work(t, shared, {
      clients: { imageMaster, storage: { ...storage, putBlob } },
      inlineBytes: 10,
      develop: async input => {
        if (input[0] === 'b'.charCodeAt(0)) begun.resolve()
        return { bytes: input, facts }
      },
    })
    for (const id of ids) await shared.untilState(id, 'finished')
    assert.equal(await shared.resultOf(String(ids[1])), text)
  })

  test('no other image is requested if the result is large', async t => {
    const waits: unknown[] = []
    const getWork: typeof imageMaster.getWork = call => {
      waits.push(call.querystring.wait)
      return imageMaster.getWork(call)
    }
    for (const text of ['one', 'two', 'three']) await shared.addTask(text)
    const { untilEnded } = work(t, shared, {
      clients: { storage, imageMaster: { ...imageMaster, getWork } },
      develop: async () => ({ bytes: Buffer.alloc(4 * 1024 * 1024 + 1), facts }),
    })
    await untilEnded(3)
    assert.ok(waits.every(wait => wait !== 0))
  })
})

test('a last attempt stays alone until it has ended: the image that waits for the thread begins afterwards', async t => {
  const ids: string[] = []
  for (const text of ['one', 'two', 'three', 'four']) ids.push(await shared.addTask(text))
  const [, , third, fourth] = ids.map(String)
  const alone = heldDevelopment(t)
  const { clients, release } = holdReports(t, () => ids.slice(1, 2))
  const getWork: typeof imageMaster.getWork = async call => {
    const reply = await imageMaster.getWork(call)
    if (reply.status !== 200 || reply.body.id !== third) return reply
    return { ...reply, body: { ...reply.body, attempt: 2, isLastAttempt: true } }
  }
  const { messages, untilEnded } = work(t, shared, {
    clients: { storage, imageMaster: { ...clients.imageMaster, getWork } },
    develop: input => (Buffer.from(input).toString() === 'three' ? alone.develop() : reverse(input)),
  })
  await alone.begun
  release() // The report of the second image brings the fourth.
  await until('the fourth waits', async () => (await shared.taskOf(String(fourth))).state === 'in-progress')
  alone.finish('at last')
  await untilEnded(4)
  const thirdEnds = messages.findIndex(message => message.type === 'ended' && message.id === third)
  const fourthBegins = messages.findIndex(message => message.type === 'begun' && message.work.id === fourth)
  assert.ok(thirdEnds < fourthBegins)
})

test('work that waits for a thread with a larger image is returned, without counting the attempt', async t => {
  const ids: string[] = []
  for (const text of ['one', 'two', 'three', 'four']) ids.push(await shared.addTask(text))
  const slow = heldDevelopment(t)
  const { clients, release } = holdReports(t, () => ids.slice(1, 2))
  const { untilEnded } = work(t, shared, {
    clients,
    develop: input => (Buffer.from(input).toString() === 'three' ? slow.develop() : reverse(input)),
  })
  await slow.begun
  release() // The report of the second image brings the fourth.
  await until('the fourth was returned', async () => {
    const { state, attempts, claims } = await shared.taskOf(String(ids[3]))
    return state === 'not-started' && attempts === 0 && claims === 1
  })
  slow.finish('at last')
  for (const id of ids) await shared.untilState(id, 'finished')
  assert.equal((await untilEnded(4)).length, 4)
})
