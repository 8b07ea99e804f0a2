import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TaskChangeLine } from '@darkroom/contracts'
import { logger } from '@darkroom/image-master/testing'
import { until } from '@darkroom/testing'
import type { ChangeListener } from '../../src/events/change-feed.ts'
import { DeletedUploads } from '../../src/uploads/deleted-uploads.ts'

const upload = { idempotencyKey: 'one' }
const accepted = { kind: 'stored', task: upload } as TaskChangeLine

for (let ticks = 0; ticks < 8; ticks++)
  test(`an image that is accepted ${ticks} microtasks after the last look is looked for again`, async t => {
    let listener: ChangeListener = () => assert.fail('nobody listens')
    let looks = 0
    let look = Promise.withResolvers<{ status: 404 }>()
    const deleted = new DeletedUploads({
      logger,
      feed: {
        listen: given => {
          listener = given
          return () => undefined
        },
      },
      clients: {
        kv: {
          setKey: async () => ({ status: 200 }),
          listKeys: ({ signal }: { signal: AbortSignal }) =>
            new Promise((_resolve, reject) => {
              signal.addEventListener('abort', () => reject(signal.reason))
            }),
        },
        taskDb: {
          findByKey() {
            looks++
            look = Promise.withResolvers()
            return look.promise
          },
        },
      } as never,
    })
    t.after(() => deleted.close())
    const answer = () => look.resolve({ status: 404 })

    const deleting = deleted.delete(upload)
    await until('it looks for the image', () => looks === 1)
    answer()
    await deleting
    listener(accepted)
    answer()
    for (let tick = 0; tick < ticks; tick++) await undefined
    listener(accepted)
    await until('it looks once more', () => {
      answer()
      return looks === 3
    })
  })
