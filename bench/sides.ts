import { fileURLToPath } from 'node:url'
import {
  findEngine,
  freePort,
  missingEngineWords,
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

interface Owner {
  after(close: () => unknown): void
}

/** All services in one process, and its worker, as `npm start` runs them, with their own data. */
export async function startDarkroomSide(owner: Owner): Promise<Side> {
  const darkroom = await startDarkroom(owner)
  return { name: 'Darkroom', url: darkroom.url, pids: [darkroom.program.pid] }
}

/** The server of home-made/, with its worker and its Redis, whose file is synced at every write. */
export async function startHomeMade(owner: Owner, way: 'recomb' | 'raw'): Promise<Side> {
  const program = findEngine('redis')
  if (program === undefined) throw new Error(missingEngineWords('redis'))
  const redis = await startRedis(owner, program)
  const port = await freePort()
  const env = {
    FOLDER: temporaryFolder(owner),
    REDIS_PORT: new URL(redis.urlOf(0)).port,
    PORT: String(port),
    WAY: way,
    NODE_ENV: 'production',
  }
  const start = (file: string) =>
    startProgram(owner, [process.execPath, fileURLToPath(new URL(`home-made/${file}`, import.meta.url))], env)
  const programs = [start('server.ts'), start('worker.ts')]
  for (const program of programs)
    await untilAlive('the home-made server', program, () => program.stdout.includes('ready'))
  return {
    name: `home-made, ${way}`,
    url: `http://127.0.0.1:${port}`,
    pids: [redis.program.pid, ...programs.map(({ pid }) => pid)],
  }
}
