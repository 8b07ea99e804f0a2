import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { assertProblem } from '@darkroom/testing'
import { buildTestApp } from '../build-test-app.ts'

suite('a counter', () => {
  test('a counter begins at 0, and POST or GET increments it, with a response in plain text', async t => {
    const { app } = await buildTestApp(t)
    const responses = [
      await app.inject('/'),
      await app.inject({ method: 'POST', url: '/inc' }),
      await app.inject({ method: 'POST', url: '/inc?amount=41' }),
      await app.inject('/inc?amount=8'),
      await app.inject('/'),
      await app.inject('/counters/count'),
    ]
    assert.deepEqual(
      responses.map(({ body }) => body),
      ['0', '1', '42', '50', '50', '50'],
    )
    for (const { headers } of responses) assert.match(String(headers['content-type']), /^text\/plain/)
    const named = [
      await app.inject('/counters/images.accepted'),
      await app.inject({ method: 'POST', url: '/counters/images.accepted/inc?amount=3' }),
      await app.inject('/counters/images.accepted/inc'),
    ]
    assert.deepEqual(
      named.map(({ body }) => body),
      ['0', '3', '4'],
    )
  })

  test('a counter accepts only whole and positive amounts', async t => {
    const { app, node } = await buildTestApp(t)
    const refused = [
      '0',
      '-1',
      '1.5',
      'one',
      '',
      '1e3',
      '9007199254740992',
      '9007199254740993',
      '1.00000000000000000001',
      '-0',
      '1&amount=2',
      '1&by=2',
    ]
    for (const path of ['/inc', '/counters/a/inc'])
      for (const amount of refused)
        assertProblem(
          await app.inject({ method: 'POST', url: `${path}?amount=${amount}` }),
          400,
          'invalid-request',
        )
    assert.equal(node.state.size, 0)
  })

  test('a counter counts to 2^53 - 1, and refuses further increments', async t => {
    const { app } = await buildTestApp(t)
    const inc = (amount: number) => app.inject({ method: 'POST', url: `/inc?amount=${amount}` })
    assert.equal((await inc(Number.MAX_SAFE_INTEGER - 1)).body, '9007199254740990')
    assertProblem(await inc(2), 409, 'used-up')
    assert.equal((await inc(1)).body, '9007199254740991')
    assertProblem(await inc(1), 409, 'used-up')
    assert.equal((await app.inject('/')).body, '9007199254740991')
  })

  test('a counter counts each of many simultaneous increments', async t => {
    const { app } = await buildTestApp(t)
    const responses = await Promise.all(
      Array.from({ length: 200 }, () => app.inject({ method: 'POST', url: '/counters/a/inc' })),
    )
    const counts = responses.map(({ body }) => Number(body)).toSorted((one, other) => one - other)
    assert.deepEqual(
      counts,
      Array.from({ length: 200 }, (_, index) => index + 1),
    )
  })

  test('a counter is not incremented by HEAD', async t => {
    const { app, node } = await buildTestApp(t)
    for (const url of ['/inc', '/counters/a/inc'])
      assert.notEqual((await app.inject({ method: 'HEAD', url })).statusCode, 200)
    assert.equal(node.state.size, 0)
  })

  test('a counter is listed by name, in pages, apart from registers', async t => {
    const { app } = await buildTestApp(t)
    for (const name of ['b', 'a', 'c'])
      await app.inject({ method: 'POST', url: `/counters/${name}/inc?amount=2` })
    await app.inject({ method: 'POST', url: '/set/1' })
    const { counters, next } = (await app.inject('/counters?limit=2')).json()
    assert.deepEqual(counters, [
      { name: 'a', count: 2 },
      { name: 'b', count: 2 },
    ])
    assert.deepEqual((await app.inject(`/counters?cursor=${next}`)).json(), {
      counters: [{ name: 'c', count: 2 }],
    })
  })
})

suite('the windows of a counter', () => {
  test('the windows of a counter contain the counts over time', async t => {
    const { app } = await buildTestApp(t)
    for (const amount of [3, 4]) await app.inject({ method: 'POST', url: `/counters/a/inc?amount=${amount}` })
    for (const [query, bucketSeconds, length] of [
      ['window=60s&buckets=60', 1, 60],
      ['window=2m', 120, 1],
      ['window=1h&buckets=12', 300, 12],
      ['window=48h&buckets=24', 7200, 24],
    ] as const) {
      const { from, counts, ...rest } = (await app.inject(`/counters/a?${query}`)).json()
      const window = /window=(\w+)/.exec(query)?.[1]
      assert.deepEqual(rest, { name: 'a', count: 7, window, bucketSeconds })
      assert.equal(counts.length, length)
      assert.equal(
        counts.reduce((one: number, other: number) => one + other),
        7,
      )
      const end = Date.parse(from) + length * bucketSeconds * 1000
      assert.ok(end > Date.now() - 1000 && end <= Date.now() + 3_600_000)
    }
  })

  test('windows of a counter that was never incremented are empty', async t => {
    const { app } = await buildTestApp(t)
    const { count, counts } = (await app.inject('/counters/a?window=3s&buckets=3')).json()
    assert.deepEqual([count, counts], [0, [0, 0, 0]])
  })

  test('windows that are not kept are refused with a reason', async t => {
    const { app } = await buildTestApp(t)
    for (const query of ['window=49h', 'window=60s&buckets=7', 'window=5m&buckets=10'])
      assertProblem(await app.inject(`/counters/a?${query}`), 400, 'invalid-window')
    for (const query of [
      'window=60',
      'window=0s',
      'window=60s&buckets=0',
      'window=60s&buckets=121',
      'buckets=x',
    ])
      assertProblem(await app.inject(`/counters/a?${query}`), 400, 'invalid-request')
  })
})
