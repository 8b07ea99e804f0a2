import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { until } from '@darkroom/testing'
import { WaitingLine } from '../../../src/queue/bullmq/waiting-line.ts'
import { logger } from '../../neighbours.ts'

/** A source that blocks until an item is put into it, as Redis does, and records its calls. */
class FakeSource {
  isReady = true
  readonly items: number[] = []
  fetches = 0
  blocked = 0
  mostBlocked = 0
  #change = Promise.withResolvers<void>()

  put(...items: number[]): void {
    this.items.push(...items)
    this.#stir()
  }

  appear(): void {
    this.isReady = true
    this.#stir()
  }

  async untilReady(signal: AbortSignal): Promise<void> {
    while (!this.isReady && !signal.aborted) await this.#change.promise
  }

  async fetch(block: boolean): Promise<number | undefined> {
    this.fetches += 1
    if (block && this.items.length === 0) {
      this.blocked += 1
      this.mostBlocked = Math.max(this.mostBlocked, this.blocked)
      await this.#change.promise
      this.blocked -= 1
    }
    return this.items.shift()
  }

  async putBack(item: number): Promise<void> {
    this.items.unshift(item)
    this.#stir()
  }

  /** Wakes a blocking fetch, which finds nothing if no item was put. */
  interrupt(): void {
    this.#stir()
  }

  #stir(): void {
    this.#change.resolve()
    this.#change = Promise.withResolvers<void>()
  }
}

const never = new AbortController().signal
const taken = async (item: number) => `got ${item}`

function open(t: TestContext) {
  const source = new FakeSource()
  const line = new WaitingLine<number, string>(source, logger, 50)
  t.after(async () => {
    await line.close()
    source.appear()
  })
  const wait = (serve: (item: number) => Promise<string | undefined> = taken) =>
    line.wait(serve, { timeout: never, gone: never })
  const untilBlocked = () => until('a fetch blocks', () => source.blocked === 1)
  return { source, line, wait, untilBlocked }
}

suite('the waiting line', () => {
  test('the waiting line is served first come, first served, with one blocking fetch for all', async t => {
    const { source, wait, untilBlocked } = open(t)
    const waiting = Array.from({ length: 20 }, () => wait())
    await untilBlocked()
    for (let item = 0; item < 20; item++) source.put(item)
    const expected = Array.from({ length: 20 }, (_, item) => `got ${item}`)
    assert.deepEqual(await Promise.all(waiting), expected)
    assert.equal(source.mostBlocked, 1)
  })

  test('the waiting line fetches nothing while it is empty', async t => {
    const { source, line, wait } = open(t)
    source.put(1, 2)
    line.wake()
    assert.equal(source.fetches, 0)
    assert.equal(await wait(), 'got 1')
    assert.deepEqual(source.items, [2])
    assert.equal(source.fetches, 1)
  })

  test('the waiting line asks the source once, even for a waiter whose timeout is over', async t => {
    const { source, line } = open(t)
    source.put(1)
    assert.equal(await line.wait(taken, { timeout: AbortSignal.abort(), gone: never }), 'got 1')
    assert.equal(await line.wait(taken, { timeout: AbortSignal.abort(), gone: never }), undefined)
  })

  test('the waiting line puts an item back if nobody waits for it any more', async t => {
    const { source, line, untilBlocked } = open(t)
    const gone = new AbortController()
    const waiting = line.wait(taken, { timeout: never, gone: gone.signal })
    await untilBlocked()
    gone.abort()
    assert.equal(await waiting, undefined)
    source.put(1)
    await line.settled()
    assert.deepEqual(source.items, [1])
  })

  test('the waiting line keeps its order when an item is unavailable: its waiter gets the next', async t => {
    const { source, wait } = open(t)
    source.put(1, 2, 3)
    const onlyEven = async (item: number) => (item % 2 === 0 ? `got ${item}` : undefined)
    assert.deepEqual(await Promise.all([wait(onlyEven), wait()]), ['got 2', 'got 3'])
  })

  test('the waiting line gives an item to the first waiter that accepts it, or sets it aside', async t => {
    const { source, line, wait, untilBlocked } = open(t)
    const accepting = (accepts: (item: number) => boolean) =>
      line.wait(taken, { timeout: never, gone: never, accepts })
    const odd = accepting(item => item % 2 === 1)
    const any = wait()
    source.put(2, 3)
    assert.deepEqual(await Promise.all([odd, any]), ['got 3', 'got 2'])

    const alsoOdd = accepting(item => item % 2 === 1)
    await untilBlocked()
    source.put(4, 5)
    assert.equal(await alsoOdd, 'got 5')
    assert.equal(await wait(), 'got 4')
  })

  test('the waiting line puts back an item that nobody accepted for a while, and rarely fetches it again', async t => {
    const { source, line, untilBlocked } = open(t)
    const gone = new AbortController()
    const waiting = line.wait(taken, { timeout: never, gone: gone.signal, accepts: item => item !== 1 })
    await untilBlocked()
    const { fetches } = source
    source.put(1)
    await until('it was fetched three times', () => source.fetches >= fetches + 6)
    gone.abort()
    assert.equal(await waiting, undefined)
    await line.close()
    source.interrupt()
    await line.settled()
    assert.deepEqual(source.items, [1])
  })

  test('the waiting line rejects the wait that failed, and continues with the next', async t => {
    const { source, wait } = open(t)
    const failed = wait(() => Promise.reject(new Error('the task DB is unavailable')))
    const next = wait()
    source.put(1, 2)
    await assert.rejects(failed, /the task DB is unavailable/)
    assert.equal(await next, 'got 2')
  })

  test('the waiting line continues by itself after an outage of the source', async t => {
    const { source, wait } = open(t)
    source.isReady = false
    const waiting = wait()
    source.put(1)
    assert.equal(source.fetches, 0)
    source.appear()
    assert.equal(await waiting, 'got 1')
  })

  test('the waiting line ends all waits at once when it closes', async t => {
    const { line, wait, untilBlocked } = open(t)
    const waiting = [wait(), wait()]
    await untilBlocked()
    await line.close()
    assert.deepEqual(await Promise.all(waiting), [undefined, undefined])
  })
})
