import { existsSync } from 'node:fs'
import { Type } from '@darkroom/contracts/typebox'
import { loadConfig } from '@darkroom/service-kit'
import { UnusableFile } from '@darkroom/sqlite'
import { Config } from './config.ts'
import { statePathOf } from './engine/open-store.ts'
import { SqliteStateStore } from './engine/sqlite.ts'

const { dataDir, stateStoreUrl } = Config.properties

/**
 * Gives the state that the settings name an id of its own, as it was copied from another node. What it holds stays, and
 * what it counts from now on is its own.
 *
 * @throws InvalidConfig, or UnusableFile if there is none, or a node runs on it
 */
export async function renewNodeId(environment: NodeJS.ProcessEnv): Promise<{ path: string; id: string }> {
  const path = statePathOf(loadConfig(Type.Object({ dataDir, stateStoreUrl }), environment))
  if (!existsSync(path)) throw new UnusableFile(`there is no ${path}`)
  const store = new SqliteStateStore({ path })
  try {
    return { path, id: store.renewId() }
  } finally {
    await store.close()
  }
}
