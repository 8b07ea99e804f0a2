import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, type TestContext, test } from 'node:test'
import { createLogger } from '@darkroom/service-kit'
import { lockFile } from '@darkroom/sqlite'
import { openTaskStore } from '@darkroom/task-db/migrate'
import {
  commandLine,
  freePort,
  generateImage,
  httpRequest,
  startDarkroom,
  startEtcd,
  startPostgres,
  startProgram,
  temporaryFolder,
  until,
  withEngine,
} from '@darkroom/testing'
import { runCommand } from './run-command.ts'
import { develop } from './uploads.ts'

function start(t: TestContext, args: string[], env: Record<string, string> = {}) {
  return startProgram(t, [process.execPath, commandLine, ...args], env)
}

/** Makes a file with `count` tasks, and returns its URL. */
async function manyTasks(t: TestContext, count: number): Promise<string> {
  const url = `sqlite:${join(temporaryFolder(t), 'task-db.sqlite')}`
  const logger = createLogger('test', 'silent')
  const store = await openTaskStore({ url, connections: 2, timeoutMs: 5000, logger })
  const original = {
    contentType: 'image/png',
    bytes: 1,
    width: 1,
    height: 1,
    frames: 1,
    sha256: '0'.repeat(64),
  }
  const create = (_: unknown, number: number) =>
    store.create(`01990000-0000-7000-8000-${String(number).padStart(12, '0')}`, {
      state: 'not-started',
      operations: [{ name: 'swap-channels', order: 'bgr' }],
      original,
      maxAttempts: 3,
    })
  await Promise.all(Array.from({ length: count }, create))
  await store.close()
  return url
}

test('migrate explains wrong arguments and stores that it cannot use', async t => {
  const from = await manyTasks(t, 1)
  const folder = temporaryFolder(t)
  const missing = join(folder, 'missing.sqlite')
  const letters = ['task-db', 'kv-config'].map(name => join(folder, `letter-of-${name}.sqlite`))
  for (const letter of letters) writeFileSync(letter, 'This is a letter, not a database. '.repeat(100))
  const foreign = join(folder, 'kv-config.sqlite')
  const database = new DatabaseSync(foreign)
  database.exec('CREATE TABLE entries (key TEXT); PRAGMA user_version = 2')
  database.close()
  const port = await freePort()
  const nowhere = `postgres://darkroom:pass-word@127.0.0.1:${port}/darkroom`
  // Each process has its own file, because only one process at a time may use a file.
  const [second, third, fourth] = await Promise.all([1, 2, 3].map(() => manyTasks(t, 1)))
  const cases = [
    [['queue'], 2, /needs the name of one of these services: kv-config, task-db, storage\n/],
    [['storage', '--from', 'file:a', '--to', 'sqlite:b'], 2, /--to must be file:<folder> or s3:.*\n$/],
    [
      ['storage', '--from', `file:${missing}`, '--to', `file:${folder}`],
      1,
      /missing\.sqlite does not exist\n$/,
    ],
    [
      ['storage', '--from', `file:${folder}`, '--to', `file:${missing}`],
      1,
      /is not the folder of a storage: it has no inProgress/,
    ],
    [['task-db', '--from', from], 2, /--from and --to/],
    [['task-db', '--from', from, '--to', from], 2, /--from and --to/],
    [
      ['task-db', '--from', from, '--to', 'mysql://localhost'],
      2,
      /--to must be sqlite:<path> or postgres:.*\n$/,
    ],
    [['task-db', '--from', `sqlite:${missing}`, '--to', nowhere], 1, /missing\.sqlite does not exist\n$/],
    [
      ['task-db', '--from', from, '--to', nowhere],
      1,
      new RegExp(
        `^darkroom: postgres://127\\.0\\.0\\.1:${port}/darkroom: PostgreSQL does not answer \\(connect ECONNREFUSED [^)]+\\)\n$`,
      ),
    ],
    [
      ['task-db', '--from', `${second}`, '--to', 'postgres://darkroom:se@cret@127.0.0.1:99999/darkroom'],
      1,
      /^darkroom: postgres:\/\/…: PostgreSQL cannot be used: its URL is not valid: ports are 1–65535.*\n$/,
    ],
    [
      ['task-db', '--from', `sqlite:${folder}`, '--to', nowhere],
      1,
      /^darkroom: \S+ is a folder; name a file in it\n$/,
    ],
    [
      ['task-db', '--from', `${third}`, '--to', `sqlite:${folder}`],
      1,
      /^darkroom: \S+ is a folder; name a file in it\n$/,
    ],
    [
      ['task-db', '--from', `sqlite:${letters[0]}`, '--to', nowhere],
      1,
      /^darkroom: \S+letter-of-\S+\.sqlite: file is not a database; name another file, or restore it from a backup\n$/,
    ],
    [
      ['task-db', '--from', `sqlite:${foreign}`, '--to', nowhere],
      1,
      /^darkroom: \S+kv-config\.sqlite: this file belongs to another service .+; name another file\n$/,
    ],
    [
      ['kv-config', '--from', `sqlite:${letters[1]}`, '--to', `etcd://127.0.0.1:${port}`],
      1,
      /^darkroom: \S+letter-of-\S+\.sqlite: file is not a database; name another file, or restore it from a backup\n$/,
    ],
    [
      ['kv-config', '--from', `${fourth}`, '--to', `etcd://127.0.0.1:${port}`],
      1,
      /^darkroom: \S+task-db\.sqlite has version \d+; this program supports versions up to \d+: use a newer Darkroom\n$/,
    ],
    [
      ['kv-config', '--from', `etcd://root:pass-word@localhost:${port}`, '--to', `sqlite:${missing}`],
      1,
      new RegExp(
        `^darkroom: etcd://localhost:${port}: the store does not answer; try again \\(connect ECONNREFUSED [^)]+\\)\n$`,
      ),
    ],
    [
      ['kv-config', '--from', 'etcd://pass-word@localhost', '--to', `sqlite:${missing}`],
      1,
      /^darkroom: etcd:\/\/localhost: KV_STORE_URL must have user:password.*\n$/,
    ],
  ] as const
  const check = async ([args, code, expected]: (typeof cases)[number]) => {
    const { code: actual, stderr } = await runCommand(['migrate', ...args])
    assert.equal(actual, code, stderr)
    assert.match(stderr, expected)
    assert.doesNotMatch(stderr, /pass-word/)
  }
  await Promise.all(cases.map(check))
})

test('while the tasks of a file are copied, no service can use it', async t => {
  const dataDir = temporaryFolder(t)
  const path = join(dataDir, 'task-db.sqlite')
  using _held = lockFile(path)
  const program = start(t, ['start'], { DATA_DIR: dataDir, PORT: '0' })
  const { code } = await program.ended
  const { stderr } = program
  assert.equal(code, 1)
  assert.ok(stderr.includes(`TASK_STORE_URL: another process uses ${path}`), stderr)
})

await withEngine('postgres', async program => {
  const server = await startPostgres({ after }, program)

  test('images developed before the tasks moved are there afterwards, and more can be developed', async t => {
    const image = await generateImage({ kind: 'png', width: 60, height: 40, seed: 1 })
    const darkroom = await startDarkroom(t)
    const before = await develop(darkroom.url, image, { 'idempotency-key': 'holiday' })
    const args = [
      'migrate',
      'task-db',
      '--from',
      `sqlite:${join(darkroom.dataDir, 'task-db.sqlite')}`,
      '--to',
      server.url,
    ]

    const refused = await runCommand(args)
    assert.equal(refused.code, 1)
    assert.match(refused.stderr, /another process uses .*task-db\.sqlite; stop task-db first\n$/)

    await darkroom.stop()
    const moved = await runCommand(args)
    assert.equal(moved.code, 0, moved.stderr)
    assert.match(moved.stdout, /^task-db: 1 tasks, 1 of them copied now\ntask-db: verified: 1 documents/)
    const again = await runCommand(args)
    assert.match(again.stdout, /^task-db: 1 tasks, 0 of them copied now/)

    await darkroom.restart({ TASK_STORE_URL: server.url })
    const status = await httpRequest(darkroom.url, `/images/${before.id}`)
    assert.deepEqual(status.json(), before)
    assert.equal((await develop(darkroom.url, image, { 'idempotency-key': 'holiday' })).id, before.id)
    assert.equal((await develop(darkroom.url, image)).state, 'finished')
  })

  test('Ctrl-C stops the copy, and the same command continues it', async t => {
    const from = await manyTasks(t, 20_000)
    const to = server.createDatabase('interrupted')
    const args = ['migrate', 'task-db', '--from', from, '--to', to]
    const interrupted = start(t, args)
    await until('it copies', () => interrupted.stderr.includes('copying'))
    interrupted.signal('SIGINT')
    assert.equal((await interrupted.ended).code, 1)
    assert.match(interrupted.stderr, /darkroom: stopped; run the same command again to continue\n$/)
    const { code, stdout } = await runCommand(args)
    assert.equal(code, 0)
    const copied = Number(/^task-db: 20000 tasks, (\d+) of them copied now$/m.exec(stdout)?.[1])
    assert.ok(copied > 0 && copied < 20_000, stdout)
  })
})

await withEngine('postgres', async program => {
  const password = 'opensesame'
  const server = await startPostgres({ after }, program, { password })

  test('an error of PostgreSQL is explained in one line, without the password', async t => {
    const from = await manyTasks(t, 1)
    for (const [url, expected] of [
      [server.url.replace(password, 'opensasame'), /password authentication failed/],
      [new URL('/nowhere', server.url).href, /database "nowhere" does not exist/],
    ] as const) {
      const { code, stderr } = await runCommand(['migrate', 'task-db', '--from', from, '--to', url])
      assert.equal(code, 1)
      assert.match(stderr, expected)
      const place = `postgres://127.0.0.1:${server.port}/`
      assert.ok(stderr.startsWith(`darkroom: ${place}`) && stderr.indexOf('\n') === stderr.length - 1, stderr)
      assert.doesNotMatch(stderr, /opens/)
    }
  })
})

await withEngine('etcd', async program => {
  const wanting = await startEtcd({ after }, program)

  test('an error of etcd is explained in one line, without the password', async t => {
    const root = { name: 'root', password: 'opensesame' }
    await wanting.post('auth/user/add', root)
    await wanting.post('auth/role/add', { name: 'root' })
    await wanting.post('auth/user/grant', { user: 'root', role: 'root' })
    await wanting.post('auth/enable', {})
    const to = `sqlite:${join(temporaryFolder(t), 'kv-config.sqlite')}`
    for (const [user, expected] of [
      ['root:opensasame@', 'etcdserver: authentication failed, invalid user ID or password'],
      ['', 'etcdserver: user name is empty'],
    ] as const) {
      const from = `etcd://${user}${wanting.clients}`
      // etcd hashes a password slowly on purpose: on a busy machine, longer than Darkroom waits.
      const { code, stderr } = await until('etcd answers in time', async () => {
        const run = await runCommand(['migrate', 'kv-config', '--from', from, '--to', to])
        return !run.stderr.includes('the store does not answer') && run
      })
      assert.equal(code, 1)
      const [line, ...more] = stderr.split('\n')
      assert.deepEqual(more, [''])
      assert.ok(
        line?.startsWith(`darkroom: etcd://${wanting.clients}: etcd refuses this service (${expected})`),
        line,
      )
      assert.doesNotMatch(stderr, /opensasame/)
    }
  })
})

await withEngine('etcd', async program => {
  const { clients } = await startEtcd({ after }, program)

  test('the configuration from before the entries moved is there afterwards; registrations are not copied', async t => {
    const darkroom = await startDarkroom(t)
    const key = '/key/config/frontend/maxUploadBytes'
    assert.equal((await darkroom.ask('kv-config', key, { method: 'PUT', body: '1000' })).status, 201)
    const from = `sqlite:${join(darkroom.dataDir, 'kv-config.sqlite')}`
    const args = ['migrate', 'kv-config', '--from', from, '--to', `etcd://${clients}`]
    const refused = await runCommand(args)
    assert.match(refused.stderr, /another process uses .*kv-config\.sqlite; stop kv-config first\n$/)

    await darkroom.kill()
    const moved = await runCommand(args)
    assert.equal(moved.code, 0, moved.stderr)
    assert.match(
      moved.stdout,
      /^kv-config: 1 entries, 1 of them copied now\nkv-config: \d+ registrations are left out/,
    )
    assert.match((await runCommand(args)).stdout, /^kv-config: 1 entries, 0 of them copied now/)
    await darkroom.restart({ KV_STORE_URL: `etcd://${clients}` })
    assert.equal((await darkroom.ask('kv-config', key)).body.toString(), '1000')
  })
})
