// Several writers set key after key in the store at argv[2]. Each acknowledged write is printed.
import { SqliteKvStore } from '../../src/engine/sqlite.ts'

const store = new SqliteKvStore({ path: String(process.argv[2]) })
for (let writer = 0; writer < 8; writer += 1) writeOn(writer)

async function writeOn(writer: number): Promise<void> {
  for (let n = 0; ; n += 1) {
    const key = `writer-${writer}/${n}`
    await store.set(key, Buffer.from(key), { condition: { kind: 'absent' } })
    process.stdout.write(`${key}\n`)
  }
}
