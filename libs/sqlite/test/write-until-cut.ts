// Eight concurrent writers write rows to the database at argv[2]; each acknowledged row is printed.
import { GroupCommit, openDatabase } from '../src/index.ts'

const database = openDatabase(String(process.argv[2]), [
  'CREATE TABLE rows (n INTEGER PRIMARY KEY, bytes BLOB)',
])
const writes = new GroupCommit(database)
const insert = database.prepare('INSERT INTO rows VALUES (?, randomblob(20000))')
let last = 0
for (let writer = 0; writer < 8; writer++) writeOn()

async function writeOn(): Promise<void> {
  for (;;) {
    const n = ++last
    await writes.run(() => insert.run(n))
    process.stdout.write(`${n}\n`)
  }
}
