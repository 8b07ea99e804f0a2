// Copies tasks from the store argv[2] to the store argv[3], and prints each page when it is copied.
import { createLogger } from '@darkroom/service-kit'
import { migrateTasks, openTaskStore } from '../src/migrate.ts'

const [from, to] = await Promise.all(
  process.argv
    .slice(2)
    .map(url =>
      openTaskStore({ url, connections: 5, timeoutMs: 5000, logger: createLogger('migrate', 'silent') }),
    ),
)
if (!from || !to) throw new Error('two stores are needed')
const { signal } = new AbortController()
await migrateTasks({
  from,
  to,
  signal,
  onProgress: ({ phase, done }) => process.stdout.write(`${phase} ${done}\n`),
})
await Promise.all([from.close(), to.close()])
