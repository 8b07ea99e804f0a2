// Fills the disk with rows of a database at argv[2], then deletes them one by one. Prints how many rows were stored and deleted.
import { GroupCommit, openDatabase } from '../src/index.ts'

const database = openDatabase(String(process.argv[2]), [
  'CREATE TABLE rows (n INTEGER PRIMARY KEY, bytes BLOB)',
])
const writes = new GroupCommit(database)
const insert = database.prepare('INSERT INTO rows VALUES (?, randomblob(20000))')
const remove = database.prepare('DELETE FROM rows WHERE n = ?')

let stored = 0
try {
  for (; ; stored += 1) await writes.run(() => insert.run(stored))
} catch (error) {
  if (!(error instanceof Error && /disk is full/.test(error.message))) throw error
}
let deleted = 0
for (; deleted < stored; deleted += 1) await writes.run(() => remove.run(deleted), { makesRoom: true })
await writes.run(() => insert.run(0))
await writes.close()
process.stdout.write(JSON.stringify({ stored, deleted }))
