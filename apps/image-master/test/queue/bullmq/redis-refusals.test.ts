import assert from 'node:assert/strict'
import { mkdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { createLogger } from '@darkroom/service-kit'
import { freePort, RecordedLog, until, withEngine } from '@darkroom/testing'
import { Redis } from 'ioredis'
import { refusalOf } from '../../../src/queue/bullmq/refusals.ts'
import { idOf, never, nextOf } from '../sample-tasks.ts'
import { seconds, startQueues, untilReady } from './start-queues.ts'

/** Changes of Redis by an administrator or by accident; `mend` undoes each. */
interface Fault {
  words: RegExp
  strike(redis: Redis): Promise<unknown>
  mend(redis: Redis): Promise<unknown>
  /** Whether it also ends all connections. */
  endsConnections?: true
}

const password = 'opensesame'

const faults: Record<string, Fault> = {
  'OOM: it is full': {
    words: /Redis is full \(maxmemory\)/,
    strike: redis => redis.config('SET', 'maxmemory', 1),
    mend: redis => redis.config('SET', 'maxmemory', 0),
  },
  'READONLY: it was made a replica': {
    words: /Redis is a replica and refuses writes/,
    strike: async redis => redis.replicaof('127.0.0.1', await freePort()),
    mend: redis => redis.replicaof('NO', 'ONE'),
  },
  'MASTERDOWN: it is a replica that has lost its primary': {
    words: /Redis is a replica that has lost its primary/,
    strike: async redis => {
      await redis.config('SET', 'replica-serve-stale-data', 'no')
      await redis.replicaof('127.0.0.1', await freePort())
    },
    mend: redis => redis.replicaof('NO', 'ONE'),
  },
  'NOREPLICAS: too few replicas follow it': {
    words: /too few replicas/,
    strike: redis => redis.config('SET', 'min-replicas-to-write', 1),
    mend: redis => redis.config('SET', 'min-replicas-to-write', 0),
  },
  'MISCONF: it cannot save its data': {
    words: /cannot save its data/,
    strike: async redis => {
      mkdirSync(await rdbFile(redis))
      await redis.config('SET', 'save', '3600 1000000')
      await redis.bgsave()
      await untilSaved(redis, 'err')
    },
    mend: async redis => {
      rmdirSync(await rdbFile(redis))
      await redis.bgsave()
      await untilSaved(redis, 'ok')
    },
  },
  'NOPERM: its user may not do what the queue does': {
    words: /user has too few permissions/,
    strike: redis => redis.acl('SETUSER', 'default', '-bzpopmin', '-evalsha', '-eval', '-zadd'),
    mend: redis => redis.acl('SETUSER', 'default', '+@all'),
  },
  'NOPERM of one command only: jobs can be added, and not fetched': {
    words: /user has too few permissions/,
    strike: redis => redis.acl('SETUSER', 'default', '-zpopmin'),
    mend: redis => redis.acl('SETUSER', 'default', '+@all'),
  },
  'NOAUTH: it requires a password now': {
    words: /Redis requires a password/,
    endsConnections: true,
    strike: async redis => {
      await redis.config('SET', 'requirepass', password)
      await redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    },
    mend: redis => redis.config('SET', 'requirepass', ''),
  },
  'LOADING: it loads its data': {
    words: /Redis is loading its data/,
    strike: async redis => {
      await redis.config('SET', 'loading-process-events-interval-bytes', 1024)
      const pipeline = redis.pipeline()
      for (let n = 0; n < 5000; n++) pipeline.set(`filling:${n}`, 'x'.repeat(100))
      await pipeline.exec()
      await redis.config('SET', 'key-load-delay', 20_000)
      const loader = redis.duplicate()
      loader
        .call('DEBUG', 'RELOAD')
        .finally(() => loader.disconnect())
        .catch(() => undefined)
      await until('it loads', async () => (await redis.info('persistence')).includes('loading:1'))
    },
    mend: redis => redis.config('SET', 'key-load-delay', 0),
  },
}

withEngine('redis', program => {
  // The tests spend most of their time waiting, each for its own Redis.
  suite('fault: Redis refuses:', { concurrency: 3 }, () => {
    for (const [name, { words, strike, mend, endsConnections = false }] of Object.entries(faults)) {
      test(`${name}: uploads continue, and it is not ready; then work continues; each is logged once`, async t => {
        const { redis, openQueue, makeTask, defer } = await startQueues(
          t,
          program,
          {},
          '--enable-debug-command',
          'yes',
        )
        const administrator = new Redis(redis.urlOf(0))
        defer(async () => administrator.disconnect())
        const log = new RecordedLog()
        const queue = await openQueue({ logger: createLogger('test', 'info', log) })
        const warnings = () => log.lines.filter(({ level }) => level >= 40).map(({ msg }) => String(msg))
        // Connections that end can be noticed before the refusal, and are logged as an outage then.
        const refusals = () => (endsConnections ? warnings().filter(text => words.test(text)) : warnings())
        const good = () => log.lines.filter(({ msg }) => /accepts writes again|is back/.test(msg))
        await queue.add(await makeTask(1))
        assert.deepEqual(warnings(), [])

        await strike(administrator)
        await until('it is not ready', async () => {
          assert.equal(await queue.next('w', 0.2, never), undefined)
          return queue.checkReady().then(
            () => false,
            error => words.test(error.message),
          )
        })
        for (const number of [2, 3, 4]) {
          const task = await makeTask(number)
          assert.ok((await seconds(() => queue.add(task))) < 10)
          // Workers fetch, too: without a refused fetch for five seconds, the fault would count as over.
          assert.equal(await queue.next('w', 0.2, never), undefined)
        }
        assert.equal(await queue.next('w', 2.5, never), undefined)
        // On a busy machine, Redis may give no response at all meanwhile.
        const reasons: unknown[] = []
        const refusal = async () => reasons.push(await queue.checkReady().catch(error => error.message))
        await until(
          'it is refused again',
          async () => (await refusal()) && words.test(String(reasons.at(-1))),
        )
        assert.ok(!reasons.includes(undefined), 'it was ready')
        assert.equal(refusals().length, 1, warnings().join('\n'))
        assert.match(String(refusals()[0]), words)
        assert.deepEqual(good(), [])

        await mend(administrator)
        await untilReady(queue)
        const works = [await nextOf(queue), await nextOf(queue), await nextOf(queue), await nextOf(queue)]
        assert.deepEqual(works.map(({ id }) => id).sort(), [1, 2, 3, 4].map(idOf))
        assert.deepEqual(
          works.map(({ attempt }) => attempt),
          [1, 1, 1, 1],
        )
        await until('it is over', () => good().length === 1)
        assert.equal(refusals().length, 1, warnings().join('\n'))
      })
    }
  })
})

test('the refusals of Redis 6 and 7 are recognized, and no other error', () => {
  const codes = {
    "READONLY You can't write against a read only replica. script: 5f, on @user_script:1.": 'READONLY',
    'ERR Error running script (call to f_5f): @user_script:1: -OOM command not allowed': 'OOM',
    'MISCONF Redis is configured to save RDB snapshots': 'MISCONF',
    'WRONGPASS invalid username-password pair': 'WRONGPASS',
    "ERR The user executing the script can't run this command or subcommand script: d9": 'NOPERM',
    'ERR wrong number of arguments': undefined,
    'connect ECONNREFUSED 127.0.0.1:6379': undefined,
  }
  for (const [message, code] of Object.entries(codes)) assert.equal(refusalOf(new Error(message))?.code, code)
})

async function rdbFile(redis: Redis): Promise<string> {
  const [, folder] = (await redis.config('GET', 'dir')) as [string, string]
  return join(folder, 'dump.rdb')
}

async function untilSaved(redis: Redis, status: 'ok' | 'err'): Promise<void> {
  const field = `rdb_last_bgsave_status:${status}`
  await until(field, async () => (await redis.info('persistence')).includes(field))
}
