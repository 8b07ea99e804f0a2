import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createLogger } from '@darkroom/service-kit'
import { RecordedLog } from '@darkroom/testing'
import type { Membership } from '../../src/membership/membership.ts'
import { OwnId } from '../../src/node/own-id.ts'
import { SimulatedTime } from '../simulation/simulated-time.ts'

/** Simulated processes with addresses. Each sees other addresses that have its id. */
class Processes {
  readonly time = new SimulatedTime()
  readonly log = new RecordedLog()
  readonly #reachable = new Map<string, OwnId>()
  readonly #listeners = new Map<string, () => void>()
  readonly #otherAddresses = new Map<string, readonly string[]>()
  #runs = 0

  /** Starts a process at an address. It joins at once, and `otherAddresses` also have its id. */
  start(
    url: string,
    { id = 'x', otherAddresses = [] as readonly string[], run = `run-${++this.#runs}` } = {},
  ) {
    const ownId = new OwnId(id, {
      clock: this.time,
      run,
      logger: createLogger('test', 'info', this.log),
      network: {
        gossip: async () => undefined,
        sync: async () => ({ entries: [] }),
        identify: async (at, self) => {
          const other = this.#reachable.get(at)
          if (!other) throw new Error('nothing answers there')
          return other.answerIdentify(self)
        },
      },
    })
    this.#otherAddresses.set(run, otherAddresses)
    this.#reachable.set(url, ownId)
    const membership: Membership = {
      self: { id, url, dataCentre: 'here' },
      members: () => [],
      otherAddresses: () => this.#otherAddresses.get(run) ?? [],
      firstRead: Promise.resolve(),
      onChange: listener => {
        this.#listeners.set(run, listener)
        return () => undefined
      },
      checkReady: async () => undefined,
      close: async () => undefined,
    }
    ownId.follow(membership)
    const see = (urls: readonly string[]) => {
      this.#otherAddresses.set(run, urls)
      this.#listeners.get(run)?.()
    }
    return { ownId, see }
  }

  stop(url: string): void {
    this.#reachable.delete(url)
  }

  get errors(): string[] {
    return this.log.lines.filter(({ level }) => Number(level) >= 50).map(({ msg }) => msg)
  }
}

suite('a node id that two processes have', () => {
  test('fault: a copied data folder: the copy refuses writes from the start, and the original continues', async () => {
    const processes = new Processes()
    const original = processes.start('http://a')
    await processes.time.run(1000)
    const copy = processes.start('http://b', { otherAddresses: ['http://a'] })
    await copy.ownId.settled()
    assert.match(String(copy.ownId.refusal), /http:\/\/a has the same id \(x\).*new-node-id/)
    assert.equal(original.ownId.refusal, undefined)
    assert.deepEqual(processes.errors.map(words => words.split(/[:,;]/)[0]).toSorted(), [
      'another node has the same id',
      'this node refuses writes',
    ])
    await processes.time.run(60_000)
    assert.equal(processes.errors.length, 2, 'each logs it once')
  })

  test('fault: only one process sees the other: both log it, and one of them refuses writes', async () => {
    const processes = new Processes()
    const copy = processes.start('http://b')
    await processes.time.run(1000)
    const original = processes.start('http://a', { otherAddresses: ['http://b'] })
    await original.ownId.settled()
    const refusals = [copy.ownId.refusal, original.ownId.refusal].filter(Boolean)
    assert.equal(refusals.length, 1)
    assert.equal(processes.errors.length, 2)
  })

  for (const runs of [
    ['run-1', 'run-2'],
    ['run-2', 'run-1'],
  ] as const)
    test(`fault: both are started at the same moment, as ${runs.join(' and ')}: one of them accepts writes`, async () => {
      const processes = new Processes()
      const both = [
        processes.start('http://a', { run: runs[0], otherAddresses: ['http://b'] }),
        processes.start('http://b', { run: runs[1], otherAddresses: ['http://a'] }),
      ]
      await Promise.all(both.map(({ ownId }) => ownId.settled()))
      await processes.time.run(10_000)
      assert.equal(both.filter(({ ownId }) => ownId.refusal === undefined).length, 1)
    })

  test('a node id that two processes have accepts writes again once the other process has an id of its own', async () => {
    const processes = new Processes()
    processes.start('http://a')
    await processes.time.run(1000)
    const copy = processes.start('http://b', { otherAddresses: ['http://a'] })
    await copy.ownId.settled()
    processes.stop('http://a')
    await processes.time.run(60_000)
    assert.ok(copy.ownId.refusal, 'a missing answer does not prove that the other process has ended')
    processes.start('http://a', { id: 'y' })
    await processes.time.run(10_000)
    assert.equal(copy.ownId.refusal, undefined)
  })

  test('a copied node still refuses writes when the original starts again; the original accepts them', async () => {
    const processes = new Processes()
    processes.start('http://a')
    await processes.time.run(1000)
    const copy = processes.start('http://b', { otherAddresses: ['http://a'] })
    await copy.ownId.settled()
    processes.stop('http://a')
    await processes.time.run(60_000)
    const again = processes.start('http://a', { otherAddresses: ['http://b'] })
    await again.ownId.settled()
    await processes.time.run(60_000)
    assert.equal(again.ownId.refusal, undefined)
    assert.ok(copy.ownId.refusal)
  })
})

suite('a node id that is seen elsewhere without a second process', () => {
  test('a node that has moved logs no error if nothing answers at its old address', async () => {
    const processes = new Processes()
    const { ownId, see } = processes.start('http://b', { otherAddresses: ['http://a'] })
    await ownId.settled()
    await processes.time.run(60_000)
    see([])
    assert.equal(ownId.refusal, undefined)
    assert.deepEqual(processes.errors, [])
  })

  test('a node that has moved logs no error if another node has its old address now', async () => {
    const processes = new Processes()
    processes.start('http://a', { id: 'y' })
    const { ownId } = processes.start('http://b', { otherAddresses: ['http://a'] })
    await ownId.settled()
    assert.equal(ownId.refusal, undefined)
    assert.deepEqual(processes.errors, [])
  })

  test('a node that started again at its address, or has two addresses, logs no error', async () => {
    const processes = new Processes()
    const { ownId } = processes.start('http://a', { otherAddresses: ['http://a'] })
    await ownId.settled()
    assert.equal(ownId.refusal, undefined)
    assert.deepEqual(processes.errors, [])
  })
})

test('fault: the membership does not answer: writes are accepted after five seconds, and a copy is noticed later', async () => {
  const processes = new Processes()
  const original = processes.start('http://a')
  await processes.time.run(6000)
  const copy = processes.start('http://b')
  assert.equal(copy.ownId.refusal, undefined)
  await processes.time.run(6000)
  copy.see(['http://a'])
  await processes.time.run(1)
  assert.ok(copy.ownId.refusal)
  assert.equal(original.ownId.refusal, undefined)
})
