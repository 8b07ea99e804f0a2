import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type EtcdMember, type EtcdServers, startEtcd, until, withEngine } from '@darkroom/testing'
import { isLinearizable } from '../linearizability/checker.ts'
import { type History, recordHistory } from '../linearizability/record-history.ts'
import { registerModel, withoutUnseen } from '../linearizability/register.ts'
import { startCopies } from './start-copies.ts'

const keys = ['checked/1', 'checked/2', 'checked/3']
/** How long writes may be refused on an idle machine. etcd elects a leader within 1 to 2 s, or later if votes are split. */
const refusedMs = 3000
const timeoutMs = 12_000

withEngine('etcd', etcd => {
  test('fault: leaders are killed; writes continue within seconds, and the history is linearizable', async t => {
    await underFaults(t, etcd, async (servers, urls) => {
      for (let round = 0; round < 2; round += 1) {
        const leader = await servers.leader()
        const killedAt = performance.now()
        await leader.kill()
        const refused = await refusedWrites(urls, killedAt)
        t.diagnostic(`leader killed: the copies refused writes for ${refused.join(', ')} ms`)
        assert.ok(Math.max(...refused) < 2 * refusedMs)
        await leader.restart()
      }
    })
  })

  test('fault: members and leaders hang and continue; the history is linearizable', async t => {
    await underFaults(t, etcd, async (servers, urls) => {
      const leader = await servers.leader()
      const [follower] = servers.members.filter(member => member !== leader) as [EtcdMember]
      for (const [what, member] of [
        ['follower', follower],
        ['leader', leader],
      ] as const) {
        const pausedAt = performance.now()
        await member.pause()
        const refused = await refusedWrites(urls, pausedAt)
        t.diagnostic(`${what} paused: the copies refused writes for ${refused.join(', ')} ms`)
        assert.ok(Math.max(...refused) < 2 * refusedMs)
        member.resume()
        await servers.leader()
      }
    })
  })
})

/** Runs three copies on three members, with clients at work during `inflict`, and checks their history. */
async function underFaults(
  t: TestContext,
  etcd: string,
  inflict: (servers: EtcdServers, urls: string[]) => Promise<void>,
): Promise<void> {
  const servers = await startEtcd(t, etcd, { members: 3 })
  const urls = await startCopies(t, servers)
  const ending = new AbortController()
  const { history, ended } = recordHistory({ urls, keys, clients: 6, signal: ending.signal })
  try {
    await untilEachOutcome(history)
    await inflict(servers, urls)
    await untilEachOutcome(history)
  } finally {
    ending.abort()
  }
  await ended
  assertLinearizable(t, history)
}

/** Waits until 15 more operations have had each outcome. */
async function untilEachOutcome({ outcomes }: History): Promise<void> {
  const before = new Map(outcomes)
  const kinds = ['found', 'absent', 'written', 'deleted', 'conflict']
  const isOften = (kind: string) => (outcomes.get(kind) ?? 0) >= (before.get(kind) ?? 0) + 15
  await until('each outcome has occurred often', () => kinds.every(isOften), timeoutMs)
}

function assertLinearizable(t: TestContext, { operations, outcomes }: History): void {
  t.diagnostic(`outcomes: ${[...outcomes].map(([outcome, count]) => `${count} ${outcome}`).join(', ')}`)
  for (const [key, history] of operations) {
    const relevant = withoutUnseen(history)
    assert.ok(isLinearizable(relevant, registerModel(relevant)), `${key}: ${JSON.stringify(history)}`)
  }
}

/** How long after the fault each copy answered the first write that began after the fault. */
function refusedWrites(urls: string[], faultAt: number): Promise<number[]> {
  return Promise.all(
    urls.map(async (url, copy) => {
      let answeredAt = 0
      const writes: Promise<void>[] = []
      await until(
        'a write is answered',
        async () => {
          writes.push(
            write(`${url}/key/probes/${copy}/${writes.length}`).then(isAnswered => {
              if (isAnswered && answeredAt === 0) answeredAt = performance.now()
            }),
          )
          await delay(50)
          return answeredAt > 0
        },
        timeoutMs,
      )
      await Promise.all(writes)
      return Math.round(answeredAt - faultAt)
    }),
  )
}

async function write(url: string): Promise<boolean> {
  const response = await fetch(url, { method: 'PUT', body: 'probe', signal: AbortSignal.timeout(timeoutMs) })
  await response.text()
  return response.ok
}
