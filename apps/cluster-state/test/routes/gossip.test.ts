import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { Entry, SyncRequest } from '@darkroom/contracts'
import { Value } from '@darkroom/contracts/typebox'
import { bucketCount, raiseCount, State, writeRegister } from '@darkroom/crdt'
import fc from 'fast-check'
import { buildTestApp } from '../build-test-app.ts'

const register = {
  kind: 'register',
  name: 'intake',
  ...writeRegister(undefined, 'node-2', 'paused'),
} as const
const count = {
  kind: 'count',
  name: 'images',
  node: 'node-2',
  ...raiseCount(undefined, 7, Date.now()),
} as const
const digest = new State().digest()

async function build(t: TestContext, options = {}) {
  const { app, node, log } = await buildTestApp(t, options)
  const post = (url: string, body: unknown) =>
    app.inject({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
  const gossip = (...entries: unknown[]) => post('/gossip', { from: 'node-2', entries })
  return { node, log, post, gossip }
}

suite('a message of another node', () => {
  test('a message of another node is stored if it is newer, and is on disk before the response', async t => {
    const { node, gossip } = await build(t)
    assert.equal((await gossip(register, count)).statusCode, 204)
    assert.equal(node.state.register('intake')?.value, 'paused')
    assert.equal(node.state.sum('images'), 7)
    const older = { ...count, ...raiseCount(undefined, 3, Date.now()) }
    await gossip(older, { ...register, generation: 2, writer: 'node-3', value: 'open' })
    assert.equal(node.state.register('intake')?.value, 'open')
    assert.equal(node.state.sum('images'), 7)
  })

  test('a message of another node with a higher count of this node itself is accepted: the disk was restored', async t => {
    const { node, gossip } = await build(t)
    await node.increment('images', 5)
    await gossip({ ...count, node: node.id, ...raiseCount(undefined, 8, Date.now()) })
    assert.deepEqual(await node.increment('images', 1), { kind: 'counted', count: 9 })
    assert.equal(node.state.counts('images').length, 1)
  })

  test('a message of another node that compares is answered with the versions that differ, then with entries', async t => {
    const { node, post, gossip } = await build(t)
    await gossip(register, count)
    const compared = (await post('/sync', { step: 'compare', from: 'node-3', digest })).json()
    assert.deepEqual(compared.versions.map(([key]: [string]) => key).toSorted(), [
      'count/images/node-2',
      'register/intake',
    ])
    const equal = await post('/sync', { step: 'compare', from: 'node-3', digest: node.state.digest() })
    assert.deepEqual(equal.json(), { buckets: [], versions: [] })

    const news = { ...register, name: 'other' }
    const wanted = ['register/intake', 'register/unknown']
    const exchanged = await post('/sync', { step: 'exchange', from: 'node-3', entries: [news], wanted })
    assert.deepEqual(exchanged.json(), { entries: [register] })
    assert.equal(node.state.register('other')?.value, 'paused')
  })

  test('messages are stored up to a limit of entries; beyond it, only known entries are updated', async t => {
    const { node, log, gossip, post } = await build(t, { limits: { maxNames: 2, maxEntries: 3 } })
    const named = (name: string, generation = 1) => ({ ...register, name, generation })
    const names = () => [...node.state.registerNames()]
    await gossip(named('a'), named('b'))
    assert.equal((await gossip(named('c'), named('d'), named('a', 2))).statusCode, 204)
    assert.deepEqual(names(), ['a', 'b', 'c'])
    assert.equal(node.state.register('a')?.generation, 2)

    const entries = [count, named('e'), named('b', 3)]
    const wanted = ['register/a']
    const exchanged = await post('/sync', { step: 'exchange', from: 'node-3', entries, wanted })
    assert.deepEqual(exchanged.json(), { entries: [named('a', 2)] })
    assert.equal(node.state.register('b')?.generation, 3)
    assert.deepEqual(names(), ['a', 'b', 'c'])
    assert.equal(node.state.size, 3)
    const warnings = log.lines.filter(({ msg }) => msg.includes('MAX_ENTRIES'))
    assert.deepEqual(
      warnings.map(({ leftOut }) => leftOut),
      [1],
    )
  })
})

suite('a message that breaks the protocol', () => {
  const violations: Record<string, unknown> = {
    'a generation of 0': { ...register, generation: 0 },
    'a generation that is not exact': { ...register, generation: 2 ** 53 },
    'a fraction of a generation': { ...register, generation: 1.5 },
    'a value of more than 4 KiB': { ...register, value: 'x'.repeat(4095) },
    'an invalid name': { ...register, name: 'a/b' },
    'an empty writer': { ...register, writer: '' },
    'an unknown property': { ...register, expires: 1 },
    'an unknown kind': { ...register, kind: 'set' },
    'a total of 0': { ...count, total: 0 },
    'a total that is not exact': { ...count, total: 2 ** 53 },
    'a negative total': { ...count, total: -7 },
    'a window that counts more than the total': { ...count, seconds: { start: 1, counts: [4, 4] } },
    'a ring that is too long': { ...count, hours: { start: 1, counts: Array(49).fill(0) } },
    'a ring without counts': { ...count, minutes: { start: 1, counts: [] } },
    'a count that is not a number': { ...count, minutes: { start: 1, counts: ['1'] } },
    'no ring at all': { ...count, minutes: undefined },
    nothing: null,
  }
  for (const [what, entry] of Object.entries(violations))
    test(`a message that breaks the protocol is refused as a whole: ${what}`, async t => {
      const { node, gossip, post } = await build(t)
      const before = node.state.digest()
      for (const response of [
        await gossip(register, entry),
        await post('/sync', { step: 'exchange', from: 'node-2', entries: [register, entry], wanted: [] }),
      ])
        assert.equal(response.statusCode, 400)
      assert.deepEqual(node.state.digest(), before)
    })

  test('a message that breaks the protocol is refused in comparisons', async t => {
    const { post } = await build(t)
    for (const body of [
      { step: 'compare', from: 'node-2', digest: [] },
      { step: 'compare', from: 'node-2', digest: [...digest, 0] },
      { step: 'compare', from: 'node-2', digest: digest.with(0, -1) },
      { step: 'compare', from: '', digest },
      { step: 'begin', from: 'node-2', digest },
      { step: 'exchange', from: 'node-2', entries: [] },
      { step: 'exchange', from: 'node-2', entries: [], wanted: Array(1001).fill('a') },
    ])
      assert.equal((await post('/sync', body)).statusCode, 400, JSON.stringify(body).slice(0, 100))
  })

  test('a message that breaks the protocol is refused if it is nested too deeply to be stored', async t => {
    const { node, post } = await build(t)
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`
    const text = JSON.stringify({ from: 'node-2', entries: [{ ...register, value: 0 }] })
    assert.equal((await post('/gossip', text.replace('"value":0', `"value":${deep}`))).statusCode, 400)
    assert.equal(node.state.size, 0)
  })

  test('a message that breaks the protocol is logged once a minute, and counted', async t => {
    const { gossip, log } = await build(t)
    for (let times = 0; times < 10; times++) await gossip({ ...register, generation: 0 })
    const warnings = log.lines.filter(({ msg }) => msg.includes('protocol error'))
    assert.equal(warnings.length, 1)
    assert.match(String(warnings[0]?.reason), /generation|entries/)
  })

  test('a message that breaks the protocol is always answered; only valid messages change something', async t => {
    const { node, post } = await build(t)
    const mutated = fc
      .tuple(
        fc.constantFrom<object>(
          { from: 'node-2', entries: [register, count] },
          { step: 'compare', from: 'node-2', digest },
          { step: 'exchange', from: 'node-2', entries: [count], wanted: ['a'] },
        ),
        fc.array(fc.tuple(fc.nat(400), fc.constantFrom(...'{}[]",:0179-eE.x ')), {
          minLength: 1,
          maxLength: 4,
        }),
      )
      .map(([message, changes]) => {
        const text = [...JSON.stringify(message)]
        for (const [place, character] of changes) text[place % text.length] = character
        return text.join('')
      })
    const messages = fc.oneof(
      mutated,
      fc.json(),
      fc.jsonValue().map(value => JSON.stringify({ from: 'a', entries: value })),
    )
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('/gossip', '/sync'), messages, async (url, text) => {
        const before = node.state.digest()
        const { statusCode } = await post(url, text)
        assert.ok([200, 204, 400].includes(statusCode), `${statusCode}`)
        if (statusCode === 400) assert.deepEqual(node.state.digest(), before)
        for (const entry of node.state.entries())
          assert.ok(Value.Check(Entry, JSON.parse(JSON.stringify(entry))))
      }),
      { numRuns: 500 },
    )
  })

  test('a message that breaks the protocol logs nothing for valid messages', () => {
    assert.equal(digest.length, bucketCount)
    assert.ok(Value.Check(SyncRequest, { step: 'compare', from: 'node-2', digest }))
    assert.ok(Value.Check(Entry, register) && Value.Check(Entry, count))
  })
})
