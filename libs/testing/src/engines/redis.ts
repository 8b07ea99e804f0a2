import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../free-port.ts'
import type { Owner } from '../owner.ts'
import { type Program, startProgram } from '../program.ts'
import { untilAlive } from '../start-service.ts'
import { temporaryFolder } from '../temporary-folder.ts'

export interface RedisServer {
  /** The redis:// URL of one of its databases, which are independent of each other. */
  urlOf(database: number): string
  /** The process that runs now, or ran last. */
  readonly program: Program
  /** Kills by SIGKILL; resolves when the process has ended. */
  kill(): Promise<void>
  /** Starts it again on the same port, with the content of its append-only file, or empty. */
  restart(options?: { empty?: boolean }): Promise<void>
  /** Stops it by SIGSTOP: connections stay open, and commands get no response until it is resumed. */
  pause(): void
  resume(): void
}

/** A Redis with an append-only file that is synced at every write, and with the given further arguments. */
export async function startRedis(
  owner: Owner,
  redis: string,
  ...settings: readonly string[]
): Promise<RedisServer> {
  const folder = temporaryFolder(owner)
  const port = await freePort()
  const options = [
    ...['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--databases', '100', '--save', ''],
    ...['--appendonly', 'yes', '--appendfsync', 'always', '--maxmemory-policy', 'noeviction', ...settings],
  ]
  const run = async () => {
    current = startProgram(owner, [redis, ...options])
    await untilAlive('Redis', current, () => current.stdout.includes('Ready to accept connections'))
  }
  const kill = async () => {
    current.signal('SIGKILL')
    await current.ended
  }
  let current: Program
  await run()
  return {
    urlOf: database => `redis://127.0.0.1:${port}/${database}`,
    get program() {
      return current
    },
    kill,
    async restart({ empty = false } = {}) {
      await kill()
      if (empty) rmSync(join(folder, 'appendonlydir'), { recursive: true, force: true })
      await run()
    },
    pause: () => current.signal('SIGSTOP'),
    resume: () => current.signal('SIGCONT'),
  }
}
