import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { suite, type TestContext, test } from 'node:test'
import { makeNetwork, type NetworkHost, networkNamespacesAreMissing } from '../src/network-namespaces.ts'
import { until } from '../src/until.ts'

suite('hosts in network namespaces', { skip: networkNamespacesAreMissing() }, () => {
  test('hosts in network namespaces reach each other, except over a partition', t => {
    const { hosts, partition, heal } = makeNetwork(t, 3)
    const [first, second, third] = hosts as [NetworkHost, NetworkHost, NetworkHost]
    assert.ok(canReach(first, second) && canReach(second, third))
    partition([0, 1], [2])
    assert.ok(canReach(first, second))
    assert.ok(isCutOff(second, third) && isCutOff(third, first))
    heal()
    assert.ok(canReach(third, first))
  })

  test('hosts in network namespaces lose packets between the named hosts', async t => {
    const { hosts, losePackets, lostPackets } = makeNetwork(t, 3)
    const [first, second, third] = hosts as [NetworkHost, NetworkHost, NetworkHost]
    losePackets(1, 2)
    assert.equal(lostPackets(), 0)
    // On a busy machine, the connecting program may end before it has sent a packet.
    await until('a packet is lost', () => isCutOff(first, second) && lostPackets() > 0, 30_000)
    assert.ok(canReach(first, third) && canReach(third, second))
    losePackets(0, 2)
    assert.ok(canReach(first, second))
  })

  test('hosts in network namespaces are gone when their test has ended', async () => {
    const endings: (() => unknown)[] = []
    const t = { after: (end: () => unknown) => endings.push(end) } as unknown as TestContext
    const [host] = makeNetwork(t, 1).hosts
    const name = host?.within.at(-1) ?? assert.fail()
    const namespaces = () => spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' }).stdout
    assert.ok(namespaces().includes(name))
    for (const end of endings) await end()
    assert.ok(!namespaces().includes(name.replace(/\d+$/, '')))
  })
})

/** Long enough on a busy machine. */
function canReach(from: NetworkHost, to: NetworkHost): boolean {
  return isRefused(from, to, 30)
}

function isCutOff(from: NetworkHost, to: NetworkHost): boolean {
  return !isRefused(from, to, 1)
}

/** Nothing listens on port 9: a host that is reached refuses at once. */
function isRefused(
  { within: [command, ...args] }: NetworkHost,
  { address }: NetworkHost,
  timeoutSeconds: number,
): boolean {
  const connect = ['timeout', String(timeoutSeconds), 'bash', '-c', `exec 3<>/dev/tcp/${address}/9`]
  const { stderr } = spawnSync(command, [...args, ...connect], { encoding: 'utf8' })
  return stderr.includes('refused')
}
