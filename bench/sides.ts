import { fileURLToPath } from 'node:url'
import {
  findEngine,
  freePort,
  missingEngineMessage,
  type Owner,
  startDarkroom,
  startProgram,
  startRedis,
  temporaryFolder,
  untilAlive,
} from '@darkroom/testing'

/** A service with `POST /images`, which supports `Prefer: wait`, and the image at `GET /images/:id/result`. */
export interface Side {
  readonly name: string
  readonly url: string
  /** The processes whose CPU time counts, with their children. */
  readonly pids: readonly number[]
}

/** All services in one process, and the worker, as `npm start` runs them, with their own data. */
export async function startDarkroomSide(owner: Owner): Promise<Side> {
  const darkroom = await startDarkroom(owner)
  return { name: 'Darkroom', url: darkroom.url, pids: [darkroom.program.pid] }
}

/** The server of home-made/, with its worker and its Redis, whose file is synced at every write. */
export async function startHomeMade(owner: Owner, way: 'recomb' | 'raw'): Promise<Side> {
  const program = findEngine('redis')
  if (program === undefined) throw new Error(missingEngineMessage('redis'))
  const redis = await startRedis(owner, program)
  const server = await startScripts(owner, ['server.ts', 'worker.ts'], {
    REDIS_PORT: new URL(redis.urlOf(0)).port,
    WAY: way,
  })
  return { ...server, name: `home-made, ${way}`, pids: [redis.program.pid, ...server.pids] }
}

/** The simplest server that stores an upload as durably as Darkroom does. */
export async function startKeeper(owner: Owner): Promise<Side> {
  return { name: 'home-made keeper', ...(await startScripts(owner, ['keeper.ts'], {})) }
}

async function startScripts(owner: Owner, files: readonly string[], more: Record<string, string>) {
  const port = await freePort()
  const env = { FOLDER: temporaryFolder(owner), PORT: String(port), NODE_ENV: 'production', ...more }
  const programs = files.map(file => {
    const path = fileURLToPath(new URL(`home-made/${file}`, import.meta.url))
    return startProgram(owner, [process.execPath, path], env)
  })
  for (const program of programs)
    await untilAlive('the home-made server', program, () => program.stdout.includes('ready'))
  return { url: `http://127.0.0.1:${port}`, pids: programs.map(({ pid }) => pid) }
}
