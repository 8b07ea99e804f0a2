import assert from 'node:assert/strict'
import { after, type TestContext, test } from 'node:test'
import { serviceNames } from '@darkroom/contracts'
import {
  commandLine,
  freePort,
  freePortRange,
  mainOf,
  startDarkroom,
  startProgram,
  startRedis,
  temporaryFolder,
  until,
  withEngine,
} from '@darkroom/testing'
import { runCommand } from './run-command.ts'

/** Shared by the tests, which leave it as it was. */
const darkroom = await startDarkroom({ after: after as TestContext['after'] })

test('status shows whether all services are ready', async t => {
  const { stdout } = await until('all are ready', async () => {
    const result = await runCommand(['status'], darkroom.env)
    return result.code === 0 && result
  })
  for (const name of serviceNames)
    assert.match(stdout, new RegExp(`^${name} +http://127\\.0\\.0\\.1:\\d+ +ready$`, 'm'))
  assert.match(stdout, /^not-started +0$/m)
  assert.doesNotMatch(stdout, /intake/)
  await runCommand(['intake', 'pause'], darkroom.env)
  assert.match((await runCommand(['status'], darkroom.env)).stdout, /^the intake is paused: .*intake open$/m)
  await runCommand(['intake', 'open'], darkroom.env)

  const elsewhere = temporaryFolder(t)
  const asIn = 'set CLUSTER_TOKEN, or DATA_DIR to the folder of the Darkroom that runs'
  for (const [settings, refusal] of [
    [{ CLUSTER_TOKEN: 'of-another-cluster' }, 'refuses the cluster token'],
    [{ DATA_DIR: elsewhere }, `needs the cluster token, and ${elsewhere} does not contain it`],
  ] as const) {
    for (const command of [['status'], ['intake', 'show']]) {
      const { code, stderr } = await runCommand(command, { ...darkroom.env, ...settings })
      assert.equal(code, 1)
      assert.equal(stderr, `darkroom: kv-config ${refusal}; ${asIn}\n`)
    }
  }

  const nowhere = await runCommand(['status'], { ...darkroom.env, KV_URL: '127.0.0.1:8082' })
  assert.equal(nowhere.code, 1)
  assert.match(nowhere.stderr, /^darkroom: the settings are not valid:\n {2}KV_URL .*\n$/)

  const away = await runCommand(['status'], { ...darkroom.env, PORT: String(await freePort()) })
  assert.equal(away.code, 1)
  assert.match(
    away.stderr,
    /^darkroom: kv-config does not answer; to start it: npx darkroom start; .* http:\/\/127\.0\.0\.1:\d+, set HOST, PORT or KV_URL\n$/,
  )
})

test('start reports settings that are not valid, and exits before anything runs', async t => {
  const dataDir = temporaryFolder(t)
  for (const [settings, ...mistakes] of [
    [{ PORT: '65533' }, 'PORT must be at most 65529, got "65533"'],
    [{ HOST: '256.1.1.1' }, 'HOST must be an address or a name of this machine, got "256.1.1.1"'],
    [
      { THREADS: '0', MAX_PIXELS: '50M', LEASE_MS: '1' },
      'THREADS must be at least 1, got "0"',
      'MAX_PIXELS must be a whole number, got "50M"',
      'LEASE_MS must be at least 300, got "1"',
    ],
    [
      { AUTH: 'maybe', MAX_QUEUED: '0', EXPIRY_CHECK_MS: '9999999999' },
      'EXPIRY_CHECK_MS must be at most 2147483647, got "9999999999"',
      'MAX_QUEUED must be at least 1, got "0"',
      'AUTH must be keys or open, got "maybe"',
    ],
  ] as const) {
    const env = { PORT: String(await freePortRange(7)), DATA_DIR: dataDir, LOG_LEVEL: 'fatal', ...settings }
    const program = startProgram(t, [process.execPath, commandLine, 'start'], env)
    assert.equal((await program.ended).code, 1)
    const lines = mistakes.map(mistake => `  ${mistake}\n`).join('')
    assert.equal(program.stderr, `darkroom: the settings are not valid:\n${lines}`)
  }
})

test('a service with an invalid store explains it in one line', async t => {
  const folder = temporaryFolder(t)
  for (const [service, setting] of [
    ['task-db', 'TASK_STORE_URL'],
    ['kv-config', 'KV_STORE_URL'],
    ['cluster-state', 'STATE_STORE_URL'],
  ] as const) {
    const env = { DATA_DIR: folder, PORT: '0', [setting]: `sqlite:${folder}` }
    const program = startProgram(t, [process.execPath, mainOf(service)], env)
    assert.equal((await program.ended).code, 1)
    assert.equal(
      program.stderr,
      `${service}: the settings are not valid:\n  ${setting}: ${folder} is a folder; name a file in it\n`,
    )
  }
})

withEngine('redis', program => {
  test('start names the service that it waits for while an engine is unavailable, and is ready when the engine is back', async t => {
    const redis = await startRedis(t, program)
    await redis.kill()
    const dataDir = temporaryFolder(t)
    const port = await freePortRange(7)
    const settings = { PORT: String(port), DATA_DIR: dataDir, QUEUE_URL: redis.urlOf(0), LOG_LEVEL: 'fatal' }
    const starting = startProgram(t, [process.execPath, commandLine, 'start'], settings)
    await until('it waits', () => starting.stdout !== '')
    assert.equal(starting.stdout, 'waiting for image-master: not ready: Redis does not answer; try again\n')
    await redis.restart()
    await until('it is ready', () => starting.stdout.includes('Darkroom is ready'))
    assert.equal(starting.stdout.match(/^waiting/gm)?.length, 1)
    starting.signal('SIGTERM')
    assert.equal((await starting.ended).code, 0)
  })

  test('start ends at a signal while it is waiting', async t => {
    const settings = {
      PORT: String(await freePortRange(7)),
      DATA_DIR: temporaryFolder(t),
      LOG_LEVEL: 'fatal',
    }
    const nowhere = { ...settings, QUEUE_URL: `redis://127.0.0.1:${await freePort()}` }
    const starting = startProgram(t, [process.execPath, commandLine, 'start'], nowhere)
    await until('it waits', () => starting.stdout.includes('waiting for image-master'))
    starting.signal('SIGINT')
    assert.equal((await starting.ended).code, 0)
    assert.doesNotMatch(starting.stdout, /is ready/)
  })
})
