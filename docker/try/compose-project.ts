import { execFile, execFileSync } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface Container {
  id: string
  service: string
  state: string
  /** healthy, unhealthy, starting; none without a health check. */
  health: string
  exitCode: number
  /** How often its restart policy restarted it. */
  restarts: number
}

/** One project of Docker Compose, with its own name, so that other projects are not touched. */
export class ComposeProject {
  readonly #command: readonly string[]
  readonly #env: NodeJS.ProcessEnv
  readonly #name: string

  constructor(options: { name: string; files: readonly string[]; env: NodeJS.ProcessEnv }) {
    const { name, files, env } = options
    this.#name = name
    this.#env = env
    this.#command = [...findCompose(), '-p', name, ...files.flatMap(file => ['-f', file])]
  }

  /** Runs a command of Compose; returns its output. */
  compose(...args: string[]): Promise<string> {
    const [program = '', ...rest] = [...this.#command, ...args]
    return this.#run(program, rest)
  }

  docker(...args: string[]): Promise<string> {
    return this.#run('docker', args)
  }

  /** The containers of a service, or of all services, in their order. */
  async containers(service?: string): Promise<Container[]> {
    const label = 'com.docker.compose'
    const filters = [`label=${label}.project=${this.#name}`]
    if (service !== undefined) filters.push(`label=${label}.service=${service}`)
    const ids = await this.docker('ps', '-aq', ...filters.flatMap(filter => ['--filter', filter]))
    if (ids.trim() === '') return []
    const found: InspectedContainer[] = JSON.parse(await this.docker('inspect', ...ids.trim().split('\n')))
    return found
      .map(({ Id, State, RestartCount, Config }) => ({
        id: Id,
        service: Config.Labels[`${label}.service`] ?? '',
        number: Number(Config.Labels[`${label}.container-number`]),
        state: State.Status,
        health: State.Health?.Status ?? 'none',
        exitCode: State.ExitCode,
        restarts: RestartCount,
      }))
      .sort((a, b) => a.service.localeCompare(b.service) || a.number - b.number)
  }

  async #run(program: string, args: readonly string[]): Promise<string> {
    const { stdout } = await run(program, args, { env: this.#env, maxBuffer: 64 * 1024 * 1024 })
    return stdout
  }
}

interface InspectedContainer {
  Id: string
  RestartCount: number
  State: { Status: string; ExitCode: number; Health?: { Status: string } }
  Config: { Labels: Record<string, string> }
}

/** Compose is a plugin of Docker's client, or, in Debian 12, its own program. */
function findCompose(): string[] {
  try {
    execFileSync('docker', ['compose', 'version'], { stdio: 'ignore' })
    return ['docker', 'compose']
  } catch {
    return ['docker-compose']
  }
}
