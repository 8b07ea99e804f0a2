import {
  type App,
  type BodyBounds,
  bodyBoundsIn,
  createApp,
  type Logger,
  unavailable,
} from '@darkroom/service-kit'
import { measureWork, type WorkMeasures } from './measure-work.ts'
import type { Pool } from './pool/pool.ts'

export interface AppDependencies extends BodyBounds {
  startPool(measures: WorkMeasures): Pool
  logger: Logger
  clusterToken?: string | undefined
  /** Rejects while no image-master is known. */
  findMaster(): Promise<void>
}

/** Serves the health and the metrics of a pool; the pool pulls its work itself. Closing the app drains the pool. */
export function buildApp({ startPool, logger, clusterToken, findMaster, ...bounds }: AppDependencies): App {
  const checkReady = async () => {
    if (pool.alive === 0)
      throw unavailable('no-threads', 'no thread of this worker is running; they are being restarted', 1)
    await findMaster()
  }
  const app = createApp({ ...bodyBoundsIn(bounds), name: 'image-worker', logger, clusterToken, checkReady })
  const pool: Pool = startPool(measureWork(app, () => pool))
  app.addHook('onClose', () => pool.close())
  return app
}
