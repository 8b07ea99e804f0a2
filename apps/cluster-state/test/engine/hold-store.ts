// Opens the store at argv[2], prints its id, and holds it until it is killed.
import { SqliteStateStore } from '../../src/engine/sqlite.ts'

const store = new SqliteStateStore({ path: String(process.argv[2]) })
process.stdout.write(`${store.nodeId}\n`)
setInterval(() => store.nodeId, 60_000)
