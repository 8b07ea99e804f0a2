import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import type { Owner } from './owner.ts'

/** A host with its own network, like a separate machine. */
export interface NetworkHost {
  readonly address: string
  /** The prefix of a command that runs on this host. */
  readonly within: readonly [string, ...string[]]
}

/**
 * Hosts on one switch, each a network namespace with one interface and one IPv4 address:
 *
 *     host 0 ── veth ─┐
 *     host 1 ── veth ─┼─ bridge, in its own namespace: the machine's own network is not affected
 *     host 2 ── veth ─┘
 */
export interface HostNetwork {
  readonly hosts: readonly NetworkHost[]
  /**
   * From now on, this share of the packets between the first `count` hosts is lost at random. Packets from and to other
   * hosts are not lost. 0 ends the loss.
   */
  losePackets(share: number, count: number): void
  /** From now on, hosts of different groups, given by index, get no packets from each other. */
  partition(...groups: readonly (readonly number[])[]): void
  /** How many packets were lost in this way since the last `heal`. */
  lostPackets(): number
  /** Ends partitions and losses. */
  heal(): void
}

/** Why hosts can't be made on this machine; false when they can. */
export function networkNamespacesAreMissing(): string | false {
  const probe =
    'ip link add type veth && iptables -A INPUT -m statistic --mode random --probability 0.5 -j DROP'
  return spawnSync('unshare', ['--net', 'sh', '-c', probe]).status === 0
    ? false
    : 'network namespaces need root, unshare(1), ip(8), and iptables(8)'
}

/** Creates at most 250 hosts, which are removed when the test has ended, however it ends. */
export function makeNetwork(owner: Owner, count: number): HostNetwork {
  const hosts = connectHosts(owner, count)
  const dropFrom = (host: number, sources: readonly number[], ...when: string[]) => {
    const { within } = atIndex(host)
    for (const source of sources)
      run(...within, 'iptables', '-A', 'INPUT', '-s', atIndex(source).address, ...when, '-j', 'DROP')
  }
  const atIndex = (index: number) => {
    const host = hosts[index]
    if (!host) throw new RangeError(`host ${index} does not exist`)
    return host
  }
  const heal = () => {
    for (const { within } of hosts) run(...within, 'iptables', '-F', 'INPUT')
  }
  return {
    hosts,
    heal,
    lostPackets() {
      const lines = hosts.flatMap(({ within }) =>
        run(...within, 'iptables', '--list-rules', 'INPUT', '--verbose').split('\n'),
      )
      return lines.reduce((sum, line) => sum + Number(/-c (\d+) .*DROP/.exec(line)?.[1] ?? 0), 0)
    },
    losePackets(share, among) {
      heal()
      if (share === 0) return
      const lossy = Array.from({ length: among }, (_, index) => index)
      for (const host of lossy) {
        const others = lossy.filter(other => other !== host)
        dropFrom(host, others, '-m', 'statistic', '--mode', 'random', '--probability', String(share))
      }
    },
    partition(...groups) {
      for (const [position, group] of groups.entries()) {
        const others = groups.filter((_, other) => other !== position).flat()
        for (const host of group) dropFrom(host, others)
      }
    },
  }
}

function connectHosts(owner: Owner, count: number): NetworkHost[] {
  const name = `darkroom-${randomBytes(4).toString('hex')}`
  const bridge = `${name}-switch`
  const hosts = Array.from({ length: count }, (_, index) => {
    const namespace = `${name}-${index}`
    return { namespace, address: `10.77.0.${index + 1}`, within: inNamespace(namespace) }
  })
  // Interfaces end with their namespace; this hook is registered before the first namespace is created.
  owner.after(() => {
    for (const each of [...hosts.map(({ namespace }) => namespace), bridge])
      spawnSync('ip', ['netns', 'delete', each])
  })
  run('ip', 'netns', 'add', bridge)
  run(...inNamespace(bridge), 'ip', 'link', 'add', 'name', 'bridge', 'type', 'bridge')
  run(...inNamespace(bridge), 'ip', 'link', 'set', 'bridge', 'up')
  for (const [index, { namespace, address, within }] of hosts.entries()) {
    run('ip', 'netns', 'add', namespace)
    run(
      ...['ip', 'link', 'add', 'wire', 'netns', namespace, 'type', 'veth'],
      ...['peer', 'name', `port${index}`, 'netns', bridge],
    )
    run(...inNamespace(bridge), 'ip', 'link', 'set', `port${index}`, 'master', 'bridge', 'up')
    run(...within, 'ip', 'address', 'add', `${address}/24`, 'dev', 'wire')
    for (const device of ['lo', 'wire']) run(...within, 'ip', 'link', 'set', device, 'up')
  }
  return hosts
}

function inNamespace(namespace: string): readonly [string, ...string[]] {
  return ['ip', 'netns', 'exec', namespace]
}

function run(...[command, ...args]: readonly [string, ...string[]]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`, { cause: error })
  return stdout
}
