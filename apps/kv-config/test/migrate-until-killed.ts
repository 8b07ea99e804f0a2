// Migrates from the store at argv[2] to the store at argv[3], and prints each key when it is copied.
import { createLogger } from '@darkroom/service-kit'
import { migrateKv, openKvStore } from '../src/migrate.ts'

const [from, to] = process.argv
  .slice(2)
  .map(kvStoreUrl => openKvStore({ url: kvStoreUrl, logger: createLogger('kv-config', 'silent') }))
if (!from || !to) throw new Error('two stores are needed')
await migrateKv({ from, to, onProgress: (_, key) => process.stdout.write(`${key}\n`) })
