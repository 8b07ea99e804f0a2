import { existsSync } from 'node:fs'
import { Type } from '@darkroom/contracts/typebox'
import { loadConfig } from '@darkroom/service-kit'
import { UnusableFile } from '@darkroom/sqlite'
import { Config } from './config.ts'
import { statePathOf } from './engine/open-store.ts'
import { SqliteStateStore } from './engine/sqlite.ts'

const { dataDir, stateStoreUrl } = Config.properties

/**
 * Gives a copied state its own node id. The entries stay, and later counts belong to the new id.
 *
 * @throws InvalidConfig; UnusableFile if there is no state, or a node is running on it
 */
export async function renewNodeId(environment: NodeJS.ProcessEnv): Promise<{ path: string; id: string }> {
  const path = statePathOf(loadConfig(Type.Object({ dataDir, stateStoreUrl }), environment))
  if (!existsSync(path)) throw new UnusableFile(`${path} does not exist`)
  const store = new SqliteStateStore({ path })
  try {
    return { path, id: store.renewId() }
  } finally {
    await store.close()
  }
}
