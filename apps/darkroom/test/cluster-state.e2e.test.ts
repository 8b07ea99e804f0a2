import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { generateImage, serveHttp, startDarkroom, until } from '@darkroom/testing'
import { runCommand } from './run-command.ts'
import { develop, post } from './uploads.ts'

const png = await generateImage({ kind: 'png', width: 40, height: 30, seed: 1 })

// One Darkroom for all tests; each test leaves it usable for the next.
const darkroom = await startDarkroom({ after })

const intake = (...args: string[]) => runCommand(['intake', ...args], darkroom.env)

test('finished and failed images are counted, also across restarts', async () => {
  const cut = png.subarray(0, png.length - 30)
  const counted = async () => {
    const names = ['images.accepted', 'images.finished', 'images.failed', 'bytes.in']
    const answers = await Promise.all(names.map(name => darkroom.ask('cluster-state', `/counters/${name}`)))
    return answers.map(({ body }) => Number(body))
  }
  const untilCounted = async (expected: number[]) => {
    await until('all is counted', async () => String(await counted()) === String(expected))
  }
  for (const image of [png, png, cut]) await develop(darkroom.url, image)
  const bytes = 2 * png.length + cut.length
  await untilCounted([3, 2, 1, bytes])
  assert.equal(await darkroom.stop(), 0)
  await darkroom.restart()
  await develop(darkroom.url, png)
  await untilCounted([4, 3, 1, bytes + png.length])

  const window = await darkroom.ask('cluster-state', '/counters/images.accepted?window=24h&buckets=24')
  assert.match(window.headers['content-type'] ?? '', /json/)
  assert.match(String(window.body), /\b4\b/)
})

test('intake pauses and opens the intake, and shows its state', async () => {
  const show = async () => (await intake('show')).stdout
  const untilAnswered = (status: number) =>
    until(`uploads are answered ${status}`, async () => (await post(darkroom.url, png)).status === status)

  assert.equal(await show(), 'open\n')
  assert.deepEqual(await intake('pause'), { code: 0, stdout: 'paused\n', stderr: '' })
  await untilAnswered(503)
  assert.equal(await show(), 'paused\n')

  await darkroom.kill()
  await darkroom.restart()
  await untilAnswered(503)
  assert.equal(await show(), 'paused\n')

  assert.equal((await intake('open')).stdout, 'open\n')
  await untilAnswered(202)
})

test('intake and status name a value of the register that is not a state', async t => {
  const path = '/registers/intake'
  t.after(() => intake('open'))
  for (const value of ['"maybe"', '""', '{"a":1}']) {
    const headers = { 'content-type': 'application/json' }
    const set = await darkroom.ask('cluster-state', path, { method: 'PUT', headers, body: value })
    assert.equal(set.status, 200)
    for (const args of [['intake', 'show'], ['status']]) {
      const { code, stderr } = await runCommand(args, darkroom.env)
      assert.equal(code, 1)
      assert.ok(
        stderr.includes(`has the value ${value}, so each frontend keeps its last known state`),
        stderr,
      )
    }
  }
})

test('intake shows the state that it has just set, although other nodes may not have it yet', async t => {
  const register = { name: 'intake', value: 'paused', generation: 1, writer: 'another' }
  const { url } = await serveHttp(t, (request, response) => {
    if (request.method === 'PUT') {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(register))
    } else response.writeHead(500).end()
  })
  await darkroom.ask('kv-config', '/key/services/cluster-state/zz-another', {
    method: 'PUT',
    body: JSON.stringify({ url }),
  })
  // Requests alternate between this node and the existing one, which answers `open`.
  for (let turn = 0; turn < 2; turn++) assert.equal((await intake('pause')).stdout, 'paused\n')
})

test('intake with an unknown argument prints the usage; if nothing runs, it explains how to start', async () => {
  const misused = [[], ['close'], ['pause', 'now'], ['toString']]
  for (const args of misused) {
    const { code, stderr } = await intake(...args)
    assert.equal(code, 2)
    const got = args.length > 0 ? `, got "${args.join(' ')}"` : ''
    assert.ok(stderr.startsWith(`darkroom: intake needs an argument: pause, open or show${got}\n`), stderr)
  }
  await darkroom.kill()
  const { code, stderr } = await intake('pause')
  assert.equal(code, 1)
  assert.match(stderr, /to start it: npx darkroom start/)
})
