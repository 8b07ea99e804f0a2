import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePortRange } from './free-port-range.ts'
import { type HttpRequest, type HttpResponse, httpRequest } from './http-request.ts'
import type { Owner } from './owner.ts'
import { type Program, startProgram } from './program.ts'
import { commandLine, untilAlive } from './start-service.ts'

/** The ports from the frontend's to the worker's. */
const portCount = 7

export interface Darkroom {
  /** The URL of the frontend. */
  readonly url: string
  readonly dataDir: string
  /** The settings with which it runs; the command line accepts the same. */
  readonly env: Readonly<Record<string, string>>
  /** The process that runs now, or ran last. */
  readonly program: Program
  readonly token: string
  urlOf(service: string): string
  /** Sends a request to a service, with the token. */
  ask(service: string, path: string, request?: HttpRequest): Promise<HttpResponse>
  /** Kills the whole process by SIGKILL; resolves when it has ended. */
  kill(): Promise<void>
  /** Ends it by SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>
  /** Starts it again on the same data and ports, with other settings if given. */
  restart(env?: Readonly<Record<string, string>>): Promise<void>
}

/** Starts all services in one process, with their own ports and folder; process and folder end with the test. */
export async function startDarkroom(
  owner: Owner,
  settings: Readonly<Record<string, string>> = {},
): Promise<Darkroom> {
  const dataDir = mkdtempSync(join(tmpdir(), 'darkroom-'))
  const fixed = { PORT: String(await freePortRange(portCount)), DATA_DIR: dataDir, MIN_FREE_BYTES: '0' }
  let env: Record<string, string> = { ...fixed, ...settings }
  // The hook below ends it. A hook that a restart within a subtest adds would end it with that subtest.
  const own = { after: () => undefined }
  const run = () => startProgram(own, [process.execPath, commandLine, 'start'], env)
  const untilReady = (program: Program) =>
    untilAlive('darkroom', program, () => program.stdout.includes('Darkroom is ready'))

  let current = run()
  // The folder is removed after the last process that writes to it.
  owner.after(async () => {
    await darkroom.kill()
    rmSync(dataDir, { recursive: true, force: true })
  })
  const urlOf = (service: string) => {
    const url = new RegExp(`^ +${service} +(http:\\S+)$`, 'm').exec(current.stdout)?.[1]
    if (url === undefined) throw new Error(`no service ${service} was started`)
    return url
  }
  const darkroom: Darkroom = {
    url: `http://127.0.0.1:${fixed.PORT}`,
    dataDir,
    get env() {
      return env
    },
    get program() {
      return current
    },
    get token() {
      return readFileSync(join(dataDir, 'cluster-token'), 'utf8')
    },
    urlOf,
    ask: (service, path, { headers, ...request } = {}) =>
      httpRequest(urlOf(service), path, {
        ...request,
        headers: { authorization: `Bearer ${darkroom.token}`, ...headers },
      }),
    async kill() {
      current.signal('SIGKILL')
      await current.ended
    },
    async stop() {
      current.signal('SIGTERM')
      return (await current.ended).code
    },
    async restart(changed = {}) {
      env = { ...env, ...changed }
      current = run()
      await untilReady(current)
    },
  }
  await untilReady(current)
  return darkroom
}
