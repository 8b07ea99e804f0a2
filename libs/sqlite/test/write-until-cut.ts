// Eight concurrent writers write rows to the database at argv[2]; each acknowledged row is printed. Meanwhile another changes
// row 0, in writes that a power cut may undo.
import { GroupCommit, openDatabase } from '../src/index.ts'

const database = openDatabase(String(process.argv[2]), [
  'CREATE TABLE rows (n INTEGER PRIMARY KEY, bytes BLOB)',
])
const writes = new GroupCommit(database)
const insert = database.prepare('INSERT INTO rows VALUES (?, randomblob(20000))')
let last = 0
const change = database.prepare(
  'INSERT INTO rows VALUES (0, randomblob(20000)) ON CONFLICT DO UPDATE SET bytes = randomblob(20000)',
)
changeOn()
for (let writer = 0; writer < 8; writer++) writeOn()

async function writeOn(): Promise<void> {
  for (;;) {
    const n = ++last
    await writes.run(() => insert.run(n))
    process.stdout.write(`${n}\n`)
  }
}

async function changeOn(): Promise<void> {
  for (;;) await writes.run(() => change.run(), { mayBeLost: () => true })
}
