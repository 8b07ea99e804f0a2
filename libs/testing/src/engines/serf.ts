import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePortRange } from '../free-port-range.ts'
import type { Owner } from '../owner.ts'
import { pauseProcess } from '../pause-process.ts'
import { type Program, startProgram } from '../program.ts'
import { untilAlive } from '../start-service.ts'
import { temporaryFolder } from '../temporary-folder.ts'

export interface SerfAgent {
  readonly name: string
  /** host:port of the RPC interface. */
  readonly rpc: string
  /** host:port at which other agents join it. */
  readonly gossip: string
  /** The process that runs now, or ran last. */
  readonly program: Program
  /** Kills by SIGKILL: the other agents must detect that. Resolves when the process has ended. */
  kill(): Promise<void>
  /** Starts it again with the same name and ports. */
  restart(): Promise<void>
  /** Ends it with SIGINT, so that it leaves the cluster. */
  leave(): Promise<void>
  /** Stops it by SIGSTOP; resolves when every thread has stopped. */
  pause(): Promise<void>
  resume(): void
}

export interface SerfOptions {
  name: string
  /** `gossip` of existing agents. */
  join?: readonly string[]
  authKey?: string
  tags?: Readonly<Record<string, string>>
  /** Further settings of the agent's configuration file. */
  settings?: Readonly<Record<string, unknown>>
  /** Its addresses; default: free ports of the loopback interface. */
  rpc?: string
  gossip?: string
  /** The command that runs the agent, such as `ip netns exec <name>`. */
  within?: readonly string[]
}

/** A Serf agent with the timing for one machine (`-profile=local`); it ends with the test. */
export async function startSerf(
  owner: Owner,
  serf: string,
  { name, join: others = [], authKey, tags = {}, settings = {}, within = [], ...addresses }: SerfOptions,
): Promise<SerfAgent> {
  const firstPort = await freePortRange(2)
  const { rpc = `127.0.0.1:${firstPort}`, gossip = `127.0.0.1:${firstPort + 1}` } = addresses
  const config = join(temporaryFolder(owner), 'serf.json')
  writeFileSync(
    config,
    JSON.stringify({ ...settings, tags, ...(authKey !== undefined && { rpc_auth: authKey }) }),
  )
  const options = [
    ...['agent', '-profile=local', `-node=${name}`, `-bind=${gossip}`, `-rpc-addr=${rpc}`],
    ...[`-config-file=${config}`, '-retry-interval=1s', ...others.map(other => `-retry-join=${other}`)],
  ]
  const [command, ...args] = [...within, serf, ...options]
  if (command === undefined) throw new Error('there is no command to run')
  const run = async () => {
    current = startProgram(owner, [command, ...args])
    await untilAlive(`the Serf agent ${name}`, current, () => current.stdout.includes('agent running!'))
  }
  const end = async (signal: NodeJS.Signals) => {
    current.signal(signal)
    await current.ended
  }
  let current: Program
  await run()
  return {
    name,
    rpc,
    gossip,
    get program() {
      return current
    },
    kill: () => end('SIGKILL'),
    leave: () => end('SIGINT'),
    restart: run,
    pause: () => pauseProcess(current.pid),
    resume: () => current.signal('SIGCONT'),
  }
}
