import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { assertProblem } from '@darkroom/testing'
import { buildTestApp } from '../build-test-app.ts'

async function build(t: TestContext, options = {}) {
  const { app, node } = await buildTestApp(t, options)
  const put = (name: string, json: string) =>
    app.inject({
      method: 'PUT',
      url: `/registers/${name}`,
      headers: { 'content-type': 'application/json' },
      body: json,
    })
  const post = (url: string) => app.inject({ method: 'POST', url })
  return { app, node, put, post }
}

test('a register is set only to JSON, with any content type of the request', async t => {
  const { app } = await build(t)
  const put = (type: string | undefined, body: string) =>
    app.inject({
      method: 'PUT',
      url: '/registers/a',
      headers: type === undefined ? {} : { 'content-type': type },
      body,
    })
  const types = [undefined, '', 'malformed', 'text/plain', 'application/x-www-form-urlencoded', 'image/png']
  for (const [n, type] of types.entries()) {
    assert.deepEqual((await put(type, `{"n":${n}}`)).json().value, { n })
    assert.equal((await put(type, 'no JSON')).statusCode, 400)
  }
  assert.deepEqual((await app.inject('/registers/a')).json().value, { n: types.length - 1 })
})

suite('the register of the bare paths', () => {
  test('the register of the bare paths is set and read as plain text, by POST or GET', async t => {
    const { app, post } = await build(t)
    assertProblem(await app.inject('/get'), 404, 'register-not-set')
    const set = await post('/set/42')
    assert.deepEqual([set.statusCode, set.body], [200, '42'])
    assert.match(String(set.headers['content-type']), /^text\/plain/)
    assert.equal((await app.inject('/set/-7')).body, '-7')
    assert.equal((await app.inject('/get')).body, '-7')
    assert.equal((await app.inject('/registers/value')).json().generation, 2)
  })

  test('the register of the bare paths accepts only whole numbers', async t => {
    const { node, post, put } = await build(t)
    for (const value of ['4.5', 'four', '1e3', '9007199254740993', '-0', '%20', '0x10'])
      assertProblem(await post(`/set/${value}`), 400, 'invalid-request')
    assertProblem(await put('value', '"4"'), 400, 'invalid-request')
    assert.equal(node.state.size, 0)
    assert.equal((await post('/set/9007199254740991')).body, '9007199254740991')
  })

  test('a register accepts a value of another node only if its generation, or else its writer, is greater', async t => {
    const { app, post } = await build(t)
    assert.equal((await post('/notify/1/5?notifier=b')).body, '1')
    assert.equal((await post('/notify/2/4?notifier=c')).body, '1')
    assert.equal((await post('/notify/3/5?notifier=a')).body, '1')
    assert.equal((await post('/notify/4/5?notifier=c')).body, '4')
    assert.equal((await post('/notify/5/6?notifier=10.0.0.1:8085')).body, '5')
    const { generation, writer } = (await app.inject('/registers/value')).json()
    assert.deepEqual([generation, writer], [6, '10.0.0.1:8085'])
    assert.equal((await post('/set/9')).body, '9')
    assert.equal((await app.inject('/registers/value')).json().generation, 7)
  })

  test('the register of the bare paths refuses invalid notifications', async t => {
    const { node, post } = await build(t)
    const refused = [
      '/notify/1/0?notifier=a',
      '/notify/1/-1?notifier=a',
      '/notify/1/x?notifier=a',
      '/notify/x/1?notifier=a',
      '/notify/1/1',
      '/notify/1/1?notifier=',
      '/notify/1/1?notifier=a%20b',
      '/notify/1/1?notifier=a&by=b',
      `/notify/1/${2 ** 52 + 1}?notifier=a`,
    ]
    for (const url of refused) assertProblem(await post(url), 400, 'invalid-request')
    assert.equal(node.state.size, 0)
    assert.equal((await post(`/notify/1/${2 ** 52}?notifier=a`)).statusCode, 200)
    assert.equal((await post('/set/2')).statusCode, 200, 'generations are left')
  })

  test('the register of the bare paths is not set by HEAD', async t => {
    const { app, node } = await build(t)
    assert.notEqual((await app.inject({ method: 'HEAD', url: '/set/1' })).statusCode, 200)
    assert.equal(node.state.size, 0)
  })
})

suite('a named register', () => {
  for (const json of ['"paused"', '0', 'null', 'false', '""', '[1,{"a":[]}]', '{"open":true}'])
    test(`a named register holds ${json}`, async t => {
      const { app, node, put } = await build(t)
      const set = await put('intake', json)
      const expected = { name: 'intake', value: JSON.parse(json), generation: 1, writer: node.id }
      assert.deepEqual([set.statusCode, set.json()], [200, expected])
      const read = await app.inject('/registers/intake')
      assert.deepEqual(read.json(), expected)
      assert.equal(read.headers.etag, `"1-${node.id}"`)
    })

  test('a named register accepts 4 KiB of JSON, and no more', async t => {
    const { app, put } = await build(t)
    const largest = JSON.stringify('x'.repeat(4094))
    assert.equal((await put('a', largest)).statusCode, 200)
    assertProblem(await put('a', JSON.stringify('x'.repeat(4095))), 413, 'too-large')
    assertProblem(await put('a', JSON.stringify('ü'.repeat(2048))), 413, 'too-large')
    assertProblem(await put('a', `"${'x'.repeat(100_000)}"`), 413, 'too-large')
    assert.equal((await put('a', `   ${largest}   `)).statusCode, 200, 'white space is not counted')
    assert.equal((await app.inject('/registers/a')).json().value.length, 4094)
  })

  test('a named register refuses invalid JSON and invalid names', async t => {
    const { app, node, put } = await build(t)
    for (const json of ['', '{', 'open', '{"__proto__":1}'])
      assert.equal((await put('a', json)).statusCode, 400, json)
    for (const name of ['a%20b', 'a%2Fb', 'ü', 'x'.repeat(129)])
      assertProblem(await put(name, '1'), 400, 'invalid-request')
    assert.equal(node.state.size, 0)
    for (const name of ['x'.repeat(128), '__proto__', 'a.b_c-D9']) {
      assert.equal((await put(name, '1')).statusCode, 200)
      assert.equal((await app.inject(`/registers/${name}`)).json().name, name)
    }
  })

  test('a named register is gone after it was deleted, and newer when it is set again', async t => {
    const { app, node, put } = await build(t)
    await put('a', '1')
    for (let times = 0; times < 2; times++)
      assert.equal((await app.inject({ method: 'DELETE', url: '/registers/a' })).statusCode, 204)
    assertProblem(await app.inject('/registers/a'), 404, 'register-not-set')
    assert.deepEqual((await app.inject('/registers')).json(), { registers: [] })
    assert.equal(node.state.register('a')?.generation, 2, 'a second deletion writes nothing')
    assert.equal((await put('a', '2')).json().generation, 3)
  })

  test('a named register is set from the path: to JSON if it is valid JSON, otherwise to text', async t => {
    const { app, post } = await build(t)
    assert.equal((await post('/registers/intake/set/paused')).json().value, 'paused')
    assert.equal((await app.inject('/registers/intake/set/12')).json().value, 12)
    assert.deepEqual((await post('/registers/intake/set/%7B%22a%22:1%7D')).json().value, { a: 1 })
    const newer = await post('/registers/intake/notify/open/9?notifier=other')
    assert.deepEqual(newer.json(), { name: 'intake', value: 'open', generation: 9, writer: 'other' })
    assert.equal((await post('/registers/intake/notify/paused/8?notifier=other')).json().value, 'open')
  })

  test('a named register refuses on every route a value that other nodes would refuse', async t => {
    const { put, post } = await build(t)
    for (const poison of ['{"__proto__":1}', '[{"a":{"__proto__":{}}}]', '{"constructor":{"prototype":1}}']) {
      assert.equal((await put('a', poison)).statusCode, 400)
      for (const verb of ['set', 'notify'])
        assertProblem(
          await post(
            `/registers/a/${verb}/${encodeURIComponent(poison)}${verb === 'notify' ? '/1?notifier=b' : ''}`,
          ),
          400,
          'invalid-request',
        )
    }
    assert.equal((await post('/registers/a/set/%7B%22constructor%22%3A1%7D')).statusCode, 200)
  })

  for (const [json, number] of [
    ['9007199254740993', '9007199254740993'],
    ['9007199254740993.0', '9007199254740993.0'],
    ['9.007199254740993e15', '9.007199254740993e15'],
    ['1e400', '1e400'],
    ['[{"deep":-1e400}]', '-1e400'],
    ['1e-400', '1e-400'],
    ['0.1234567890123456789', '0.1234567890123456789'],
    ['-0', '-0'],
    ['{"a":1,"b":[2,-0.0]}', '-0.0'],
  ] as const)
    test(`a register refuses ${json} on every route: it would be returned as another number`, async t => {
      const { node, put, post } = await build(t)
      const path = encodeURIComponent(json)
      const responses = [
        await put('a', json),
        await post(`/registers/a/set/${path}`),
        await post(`/registers/a/notify/${path}/1?notifier=b`),
      ]
      for (const response of responses) {
        assertProblem(response, 400, 'inexact-number')
        assert.match(response.json().detail, new RegExp(`${RegExp.escape(number)} .* send it as a string`))
      }
      assert.equal(node.state.size, 0)
    })

  test('a named register accepts every notation of a number that is returned as the same value', async t => {
    const { put } = await build(t)
    for (const json of ['1e3', '0.10', '-2.50e-7', '9007199254740992', '1e300', '"9007199254740993"'])
      assert.deepEqual((await put('a', json)).json().value, JSON.parse(json))
  })

  test('a named register refuses a value that is nested too deeply', async t => {
    const { node, put } = await build(t)
    assertProblem(await put('a', '['.repeat(15_000) + ']'.repeat(15_000)), 400, 'invalid-request')
    assert.equal(node.state.size, 0)
  })

  test('a named register is listed by name, in pages', async t => {
    const { app, put } = await build(t)
    for (const name of ['c', 'a', 'b']) await put(name, '1')
    const first = (await app.inject('/registers?limit=2')).json()
    assert.deepEqual(
      first.registers.map(({ name }: { name: string }) => name),
      ['a', 'b'],
    )
    const second = (await app.inject(`/registers?limit=2&cursor=${first.next}`)).json()
    assert.deepEqual(
      second.registers.map(({ name }: { name: string }) => name),
      ['c'],
    )
    assert.equal(second.next, undefined)
  })

  test('a named register is refused when the limit of names is reached; existing registers can be set', async t => {
    const { node, put, post } = await build(t, { limits: { maxNames: 2, maxEntries: 10 } })
    await put('a', '1')
    await post('/counters/b/inc')
    assertProblem(await put('c', '1'), 409, 'too-many-names')
    assertProblem(await post('/counters/c/inc'), 409, 'too-many-names')
    assertProblem(await post('/registers/c/notify/1/1?notifier=x'), 409, 'too-many-names')
    assert.equal((await put('a', '2')).statusCode, 200)
    assert.equal((await post('/counters/b/inc')).body, '2')
    assert.equal(node.state.nameCount, 2)
  })
})

test('each of several simultaneous writes is newer than the previous', async t => {
  const { node, put } = await build(t)
  const responses = await Promise.all(Array.from({ length: 20 }, (_, index) => put('a', String(index))))
  const generations = responses.map(response => response.json().generation)
  assert.deepEqual(new Set(generations), new Set(Array.from({ length: 20 }, (_, index) => index + 1)))
  assert.equal(node.state.register('a')?.generation, 20)
})
