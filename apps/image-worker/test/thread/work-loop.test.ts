import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { suite, test } from 'node:test'
import { outputKey, problemType, readVariants } from '@darkroom/contracts'
import { until } from '@darkroom/testing'
import { UnusableImage } from '../../src/develop/unusable-image.ts'
import { startWorkshop } from '../start-workshop.ts'
import { facts, heldDevelopment, reverse } from './run-work-loop.ts'
import { shared, work } from './shared-workshop.ts'

suite('work that succeeds', () => {
  test('work that succeeds stores the result, finishes the task and reports its steps', async t => {
    const workshop = shared
    const { messages, untilEnded } = work(t, workshop)
    const id = await workshop.addTask('abc')
    const task = await workshop.untilState(id, 'finished')
    assert.equal(await workshop.resultOf(id), 'cba')
    const sha256 = createHash('sha256').update('cba').digest('hex')
    assert.deepEqual(task.result, { ...facts, bytes: 3, sha256 })
    assert.deepEqual(await untilEnded(), [{ kind: 'finished', bytesIn: 3, bytesOut: 3 }])
    const [begun, ...later] = messages
    const ended = later.at(-1)
    assert.deepEqual(
      later.map(({ type }) => type),
      ['developing', 'developed', 'ended'],
    )
    assert.ok(begun?.type === 'begun' && begun.work.id === id && begun.work.attempt === 1)
    assert.ok(ended?.type === 'ended' && ended.id === id)
  })

  test('work that succeeds is done one image after the other, oldest first, each with its operations', async t => {
    const workshop = shared
    const ids = [
      await workshop.addTask('one'),
      await workshop.addTask('two'),
      await workshop.addTask('three'),
    ]
    const seen: unknown[] = []
    const { messages } = work(t, workshop, {
      develop: async (input, operations) => {
        seen.push(operations)
        return reverse(input)
      },
    })
    for (const id of ids) await workshop.untilState(id, 'finished')
    assert.deepEqual(seen, Array(3).fill([{ name: 'swap-channels', order: 'bgr' }]))
    const begun = messages.flatMap(message => (message.type === 'begun' ? [message.work.id] : []))
    assert.deepEqual(begun, ids)
  })

  for (const [how, inlineBytes] of [
    ['with the report', 1000],
    ['by requests of their own', 10],
  ] as const) {
    test(`stores the result and all variants ${how}, each with a time limit of its own`, async t => {
      const { messages, untilEnded } = work(t, shared, {
        decodes: ['variants'],
        inlineBytes,
        develop: async (input, operations) => ({
          bytes: Buffer.from(`${input} ${operations.map(({ name }) => name)}`),
          facts,
        }),
      })
      const variants = readVariants('thumb=flip;card=flop')
      const id = await shared.addTask('abc', 3, variants)
      const task = await shared.untilState(id, 'finished')
      assert.equal(task.result?.bytes, 'abc swap-channels'.length)
      assert.equal(task.variants?.thumb?.result?.bytes, 'abc flip'.length)
      assert.equal(await shared.resultOf(id), 'abc swap-channels')
      assert.equal(await shared.resultOf(id, 'thumb'), 'abc flip')
      assert.equal(await shared.resultOf(id, 'card'), 'abc flop')
      assert.deepEqual(await untilEnded(), [{ kind: 'finished', bytesIn: 3, bytesOut: 33 }])
      const limits = messages.filter(({ type }) => /^develop/.test(type)).map(({ type }) => type)
      assert.deepEqual(limits, ['developing', 'developing', 'developing', 'developed'])
    })
  }

  test('work of which one variant fails stores nothing, and fails with its reason', async t => {
    work(t, shared, {
      decodes: ['variants'],
      develop: async (input, [operation]) => {
        if (operation?.name === 'flop') throw new UnusableImage('undecodable', 'it is torn')
        return reverse(input)
      },
    })
    const id = await shared.addTask('abc', 3, readVariants('thumb=flip;card=flop'))
    const { error } = await shared.untilState(id, 'failed')
    assert.equal(error?.detail, 'it is torn')
    for (const name of [undefined, 'thumb', 'card']) assert.equal(await shared.resultOf(id, name), undefined)
  })

  test('work whose task was taken over meanwhile replaces no variant of the newer attempt', async t => {
    const held = heldDevelopment(t)
    const { untilEnded } = work(t, shared, { ...held, decodes: ['variants'], inlineBytes: 0 })
    const id = await shared.addTask('abc', 3, readVariants('thumb=flip'))
    await held.begun
    const token = await shared.takeOver(id)
    for (const key of [id, outputKey(id, 'thumb')])
      await shared.clients.storage.putBlob({
        params: { key, stage: 'post' },
        querystring: { fence: token },
        headers: {},
        body: Buffer.from('newer'),
      })
    held.finish('older')
    const [end] = await untilEnded()
    assert.equal(end?.kind, 'abandoned')
    for (const name of [undefined, 'thumb']) assert.equal(await shared.resultOf(id, name), 'newer')
  })

  for (const [what, inlineBytes] of [
    ['small', 3],
    ['larger', 2],
  ] as const)
    test(`work of a restored task DB ends although the storage has a newer result; its result is ${what}`, async t => {
      const id = await shared.addTask('abc')
      await shared.clients.storage.putBlob({
        params: { key: id, stage: 'post' },
        querystring: { fence: 5 },
        headers: {},
        body: Buffer.from('newer'),
      })
      work(t, shared, { inlineBytes })
      const { attempts } = await shared.untilState(id, 'finished')
      assert.equal(attempts, 1)
      assert.equal(await shared.resultOf(id), 'cba')
    })

  for (const [what, inlineBytes, requests] of [
    ['small: its bytes are sent with the messages about it', 3, []],
    ['larger: it is read from the storage, and its result is stored there', 2, ['getBlob', 'putBlob']],
  ] as const) {
    test(`is ${what}`, async t => {
      const { imageMaster, storage } = shared.clients
      const asked: string[] = []
      const noted = <Call extends (...call: never[]) => unknown>(name: string, send: Call) =>
        ((...call: never[]) => {
          asked.push(name)
          return send(...call)
        }) as Call
      const clients = {
        imageMaster,
        storage: {
          ...storage,
          getBlob: noted('getBlob', storage.getBlob),
          putBlob: noted('putBlob', storage.putBlob),
        },
      }
      const { messages } = work(t, shared, { clients, inlineBytes })
      const id = await shared.addTask('abc')
      await shared.untilState(id, 'finished')
      assert.equal(await shared.resultOf(id), 'cba')
      assert.deepEqual(asked, requests)
      const [begun] = messages
      assert.ok(begun?.type === 'begun')
      assert.deepEqual(begun.work.original, { bytes: 3 }, 'no bytes of images go between threads')
    })
  }

  test('work that succeeds comes with the response to the report of the previous work', async t => {
    const { imageMaster, storage } = shared.clients
    let polls = 0
    const getWork: typeof imageMaster.getWork = call => {
      if (call.querystring.wait) polls++
      return imageMaster.getWork(call)
    }
    const ids = [await shared.addTask('one'), await shared.addTask('two'), await shared.addTask('three')]
    work(t, shared, { clients: { storage, imageMaster: { ...imageMaster, getWork } } })
    for (const id of ids) await shared.untilState(id, 'finished')
    await until('it polls again', () => polls > 1)
    assert.equal(polls, 2)
  })

  test('work whose small result the master refuses is sent to the storage', async t => {
    const { imageMaster, storage } = shared.clients
    let refusals = 0
    const workFinished: typeof imageMaster.workFinished = async call => {
      if (!call.body.result || !('content' in call.body.result)) return imageMaster.workFinished(call)
      refusals++
      const problem = { type: problemType('result-refused'), title: 'Result refused', status: 409 }
      return { status: 409, headers: {}, body: problem }
    }
    work(t, shared, { clients: { storage, imageMaster: { ...imageMaster, workFinished } } })
    const id = await shared.addTask('abc')
    await shared.untilState(id, 'finished')
    assert.equal(await shared.resultOf(id), 'cba')
    assert.equal(refusals, 1)
  })

  test('work that takes long has its lease renewed meanwhile', async t => {
    const workshop = await startWorkshop(t, { LEASE_MS: '1500' })
    const { develop, begun, finish } = heldDevelopment(t)
    const { untilEnded } = work(t, workshop, { develop })
    const id = await workshop.addTask('abc')
    await begun
    const { lease } = await workshop.taskOf(id)
    const end = Date.parse(String(lease?.expiresAt))
    await until('its first lease has run out', () => Date.now() > end)
    finish('result')
    await untilEnded()
    const { state, attempts } = await workshop.taskOf(id)
    assert.deepEqual([state, attempts], ['finished', 1])
  })
})

suite('work that fails', () => {
  test('because of the image fails at once, with a reason for its owner', async t => {
    const workshop = shared
    const { messages, untilEnded } = work(t, workshop, {
      develop: async () => {
        throw new UnusableImage('undecodable-image', 'it ends after 100 bytes')
      },
    })
    const id = await workshop.addTask('abc')
    const { attempts, error } = await workshop.untilState(id, 'failed')
    assert.equal(attempts, 1)
    assert.equal(error?.type, problemType('undecodable-image'))
    assert.equal(error.detail, 'it ends after 100 bytes')
    assert.deepEqual(await untilEnded(), [{ kind: 'failed', error }])
    // The time and the memory of the image end here, too: the requests that follow don't count as its time.
    assert.deepEqual(
      messages.map(({ type }) => type),
      ['begun', 'developing', 'developed', 'ended'],
    )
    assert.equal(await workshop.resultOf(id), undefined)
  })

  test('work that fails with an unexpected error is tried again, and fails after the last attempt', async t => {
    const workshop = shared
    const { untilEnded } = work(t, workshop, {
      develop: async () => {
        throw new Error('out of luck')
      },
    })
    const id = await workshop.addTask('abc', 3)
    const { attempts, error } = await workshop.untilState(id, 'failed')
    assert.deepEqual([attempts, error?.detail], [3, 'out of luck'])
    assert.equal((await untilEnded(3)).length, 3)
  })

  test('work that fails with an unexpected error once, and then succeeds, is finished', async t => {
    const workshop = shared
    let attempts = 0
    work(t, workshop, {
      develop: async input => {
        attempts += 1
        if (attempts === 1) throw new Error('out of luck')
        return reverse(input)
      },
    })
    const id = await workshop.addTask('abc')
    assert.equal((await workshop.untilState(id, 'finished')).attempts, 2)
    assert.equal(await workshop.resultOf(id), 'cba')
  })

  test('because the stored original was damaged is tried again, and its reason names the storage', async t => {
    const workshop = shared
    const id = await workshop.addTask('abc', 2)
    await workshop.clients.storage.putBlob({
      params: { key: id, stage: 'pre' },
      querystring: {},
      headers: {},
      body: Buffer.from('abd'),
    })
    work(t, workshop, {
      develop: async () => {
        throw new UnusableImage('undecodable-image', 'it ends after 100 bytes')
      },
    })
    const { attempts, error } = await workshop.untilState(id, 'failed')
    assert.deepEqual([attempts, error?.type], [2, problemType('processing-failed')])
    assert.match(String(error?.detail), /^the stored original is damaged: .* upload the image again$/)
  })

  test('because the original is gone fails, with that reason', async t => {
    const workshop = shared
    const id = await workshop.addTask('abc')
    await workshop.clients.storage.deleteBlob({ params: { key: id, stage: 'pre' }, headers: {} })
    work(t, workshop)
    const { attempts, error } = await workshop.untilState(id, 'failed')
    assert.deepEqual([attempts, error?.type], [1, problemType('original-gone')])
  })
})
