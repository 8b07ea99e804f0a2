import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { NoticeClaim, NoticeReport, Task } from '@darkroom/contracts'
import { logger } from '@darkroom/image-master/testing'
import { until } from '@darkroom/testing'
import type { Outcome } from '../../src/webhooks/deliver.ts'
import { DeliverySlots, slowResponseMs } from '../../src/webhooks/delivery-slots.ts'
import { WebhookSender } from '../../src/webhooks/webhook-sender.ts'

interface Delivery {
  host: string
  answer(tookMs: number): void
}

/** A sender of notices that are in memory, and whose receivers answer when the test lets them. */
function startSender(
  t: TestContext,
  slots: DeliverySlots,
  pollMs = 10,
  isRefused = (_: NoticeClaim) => false,
) {
  const due: Task[] = []
  const underWay: Delivery[] = []
  const reports: NoticeReport[] = []
  const sender = new WebhookSender({
    logger,
    slots,
    pollMs,
    feed: { listen: () => () => undefined },
    taskDb: {
      claimNotices: async ({ body }: { body: NoticeClaim }) => {
        if (isRefused(body)) throw new Error('the task DB does not answer')
        const { isSlow, limit, exceptHosts = [], onlyHosts } = body
        const found = due.filter(
          ({ callback: { host = '' } = {} }) =>
            !exceptHosts.includes(host) && (onlyHosts?.includes(host) ?? true),
        )
        const tasks = isSlow ? [] : found.slice(0, limit)
        for (const task of tasks) due.splice(due.indexOf(task), 1)
        return { status: 200, headers: {}, body: { tasks } }
      },
      reportNotice: async ({ body }: { body: NoticeReport }) => {
        reports.push(body)
        return { status: 204, headers: {}, body: undefined }
      },
    } as never,
    deliver: ({ callback }) =>
      new Promise<Outcome>(resolve => {
        const host = callback?.host ?? ''
        const report = { state: 'delivered', token: 0, answer: '204' } as const
        const delivery = {
          host,
          answer(tookMs: number) {
            underWay.splice(underWay.indexOf(delivery), 1)
            resolve({ report, isGood: true, tookMs })
          },
        }
        underWay.push(delivery)
      }),
  })
  t.after(async () => {
    let isClosed = false
    const closing = sender.close().then(() => {
      isClosed = true
    })
    await until('the sender is closed', () => {
      for (const { answer } of [...underWay]) answer(0)
      return isClosed
    })
    await closing
  })
  let count = 0
  const add = (host: string, notices: number) => {
    for (let n = 0; n < notices; n++)
      due.push({ id: `task-${count++}`, callback: { host, token: 0, isSlow: false } } as Task)
  }
  const hosts = () => underWay.map(({ host }) => host).sort()
  return { add, due, hosts, reports, underWay, wake: () => sender.wake() }
}

const limits = { all: 4, host: 2, notFast: 3, untried: 3, slow: 2, failing: 1 }
const slow = slowResponseMs + 1

test('many notices for slow receivers leave slots for a fast one', async t => {
  const slots = new DeliverySlots(limits)
  for (const host of ['slow-1', 'slow-2', 'slow-3']) slots.record(host, true, slow)
  slots.record('fast', true, 1)
  const { add, due, hosts } = startSender(t, slots)
  for (const host of ['slow-1', 'slow-2', 'slow-3']) add(host, 60)
  await until('slow notices are sent', () => hosts().length === 2)
  await until('all others that can be claimed were claimed', () => due.length < 180)
  add('fast', 1)
  await until('the fast receiver is called', () => hosts().includes('fast'))
})

test('receivers that wait for a slot get the next one in turn, not after a random pause', async t => {
  const slots = new DeliverySlots(limits)
  for (const host of ['a', 'b', 'c']) slots.record(host, true, 1)
  const { add, hosts, reports, underWay } = startSender(t, slots)
  add('a', 30)
  await until('a has its slots', () => hosts().length === 2)
  add('b', 30)
  await until('b has its slots', () => hosts().length === 4)
  add('c', 1)
  await until('the notice of c is in progress', () => {
    const [first] = underWay
    if (!hosts().includes('c')) first?.answer(1)
    return hosts().includes('c')
  })
  assert.ok(reports.every(({ state }) => state === 'delivered'))
})

test('notices of receivers that answer overtake the notices of many new receivers, which wait for a free slot', async t => {
  const slots = new DeliverySlots(limits)
  const { add, due, hosts, reports } = startSender(t, slots)
  for (let n = 0; n < 500; n++) add(`dead-${n}`, 1)
  await until('the slots of new receivers are taken', () => hosts().length === limits.untried)
  slots.record('fast', true, 1)
  add('fast', 1)
  await until('the fast receiver is called', () => hosts().includes('fast'))
  assert.deepEqual([due.length, reports], [500 - limits.untried, []])
})

test('fault: the second claim of a round fails: the notices of the first are sent', async t => {
  const slots = new DeliverySlots(limits)
  slots.record('fast', true, 1)
  const { add, hosts } = startSender(t, slots, 10, ({ onlyHosts }) => onlyHosts !== undefined)
  for (let n = 0; n < 9; n++) add(`new-${n}`, 1)
  await until('the slots of new receivers are taken', () => hosts().length === limits.untried)
})

test('a receiver that was busy gets its next notice when it has answered, although many new receivers wait', async t => {
  const slots = new DeliverySlots({ ...limits, all: 6 })
  slots.record('fast', true, 1)
  const { add, due, hosts, underWay, wake } = startSender(t, slots, 60_000)
  for (let n = 0; n < 500; n++) add(`dead-${n}`, 1)
  add('fast', 2)
  wake()
  const fastUnderWay = () => underWay.filter(({ host }) => host === 'fast')
  await until('all slots are taken', () => hosts().length === limits.untried + limits.host)
  add('fast', 1)
  wake()
  fastUnderWay()[0]?.answer(1)
  await until('the last notice is in progress', () => fastUnderWay().length === limits.host)
  assert.equal(due.length, 500 - limits.untried)
})
