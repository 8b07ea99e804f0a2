import { fileURLToPath } from 'node:url'
import { freePort } from './free-port.ts'
import { httpRequest } from './http-request.ts'
import type { Owner } from './owner.ts'
import { type Program, startProgram } from './program.ts'
import { until } from './until.ts'

export interface ServiceProcess extends Program {
  readonly url: string
}

/**
 * Starts one service as its own process, on PORT or any free port; resolves once it is alive.
 *
 * @throws Error with its output, if it ends instead
 */
export async function startService(
  owner: Owner,
  name: string,
  env: Readonly<Record<string, string>>,
): Promise<ServiceProcess> {
  const port = env.PORT ?? String(await freePort())
  const program = startProgram(owner, [process.execPath, mainOf(name)], {
    LOG_LEVEL: 'warn',
    ...env,
    PORT: port,
  })
  const url = `http://127.0.0.1:${port}`
  await untilAlive(name, program, async () => (await httpRequest(url, '/healthz')).status === 200)
  return Object.assign(program, { url })
}

/** Waits until `check` returns true. @throws Error with the output of the program if the program ends first */
export async function untilAlive(
  name: string,
  program: Program,
  check: () => Promise<boolean> | boolean,
): Promise<void> {
  let hasEnded = false
  void program.ended.then(() => {
    hasEnded = true
  })
  const outcome = await until(`${name} is alive`, async () => {
    if (hasEnded) return 'ended'
    return (await check()) && 'alive'
  })
  if (outcome === 'ended') throw new Error(`${name} ended: ${program.stderr}${program.stdout}`)
}

/** The program of the command line, which also runs all services in one process. */
export const commandLine = fileURLToPath(new URL('../../../apps/darkroom/bin/darkroom.js', import.meta.url))

/** The main module of a service. */
export function mainOf(name: string): string {
  return fileURLToPath(new URL(`../../../apps/${name}/src/main.ts`, import.meta.url))
}
