import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import {
  httpRequest,
  startEtcd,
  startObjectStore,
  startPostgres,
  startRedis,
  temporaryFolder,
  until,
  withEngine,
} from '@darkroom/testing'
import { makePictures, smallPictures } from './album.ts'
import { assertAllDeveloped, beginDevelopment } from './development.ts'
import { kill, prepareFleet, untilReady } from './fleet.ts'

const picturesAnOutage = 6
/** How long a killed process stays down. */
const outageMs = 3000

withEngine('redis', redis =>
  withEngine('postgres', postgres =>
    withEngine('etcd', etcd =>
      withEngine('s3', radosgw =>
        test('two copies of every service on real engines: each engine and some copies killed, nothing is lost', async t => {
          const engines = await startEngines(t, { redis, postgres, etcd, radosgw })
          const fleet = await prepareFleet(t)
          const first = await fleet.startAll(engines.settings)
          const second = await fleet.startCopies({ ...engines.settings, DATA_DIR: temporaryFolder(t) })
          await Promise.all(Object.values(second).map(untilReady))
          const { url } = first.frontend

          const faults: Record<string, () => Promise<void>> = {
            'Redis is killed, and restarts empty': () =>
              outage(engines.redis.kill, engines.restartRedisEmpty),
            'PostgreSQL is killed': () => outage(engines.postgres.kill, engines.postgres.start),
            'the object store is killed': () => outage(engines.objects.kill, engines.objects.restart),
            'etcd is killed': () => outage(engines.etcd.kill, engines.etcd.restart),
            'a copy of task-db, of storage and of the master is killed and not restarted': async () => {
              await Promise.all([first['task-db'], first.storage, first['image-master']].map(kill))
            },
            'a worker and a copy of kv-config are killed and not restarted': async () => {
              await Promise.all([first['image-worker'], second['kv-config']].map(kill))
            },
          }
          const pictures = await makePictures(smallPictures(picturesAnOutage * Object.keys(faults).length))
          for (const [name, strike] of Object.entries(faults)) {
            t.diagnostic(name)
            const development = beginDevelopment(url, pictures.splice(0, picturesAnOutage), 6)
            await until('an upload is accepted', () => development.accepted.size > 0)
            await strike()
            await development.ended
            assert.equal(development.accepted.size, picturesAnOutage)
            await assertAllDeveloped(url, development.accepted)
          }
          const { images } = (await httpRequest(url, '/images?limit=1000')).json()
          const states = new Set((images as { state: string }[]).map(({ state }) => state))
          assert.deepEqual([...states], ['finished'])
        }),
      ),
    ),
  ),
)

async function outage(begin: () => Promise<unknown>, end: () => Promise<unknown>): Promise<void> {
  await begin()
  await delay(outageMs)
  await end()
}

interface Programs {
  redis: string
  postgres: string
  etcd: string
  radosgw: string
}

/** The engines, empty, and the settings by which services use them. */
async function startEngines(t: TestContext, programs: Programs) {
  const [redis, postgres, etcd, objects] = await Promise.all([
    startRedis(t, programs.redis),
    startPostgres(t, programs.postgres),
    startEtcd(t, programs.etcd),
    startObjectStore(t, programs.radosgw),
  ])
  const { url, accessKeyId, secretAccessKey } = objects
  const credentials = { accessKeyId, secretAccessKey }
  const client = new S3Client({ endpoint: url, region: 'us-east-1', forcePathStyle: true, credentials })
  await client.send(new CreateBucketCommand({ Bucket: 'darkroom' }))
  client.destroy()
  const [member = assert.fail('etcd has no member')] = etcd.members
  return {
    redis,
    restartRedisEmpty: () => redis.restart({ empty: true }),
    postgres,
    etcd: member,
    objects,
    settings: {
      QUEUE_URL: redis.urlOf(0),
      TASK_STORE_URL: postgres.url,
      KV_STORE_URL: `etcd://${etcd.clients}`,
      BLOB_STORE_URL: `s3://darkroom?endpoint=${url}`,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    },
  }
}
