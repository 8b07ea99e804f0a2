import { createLogger } from '@darkroom/service-kit'
import { migrateTasks as copyTasks, openTaskStore } from '@darkroom/task-db/migrate'
import type { Migrate } from './migration.ts'
import { openStores } from './open-stores.ts'

export const migrateTasks: Migrate = async (urls, { signal, progress }) => {
  const settings = { connections: 4, timeoutMs: 10_000, logger: createLogger('migrate', 'silent') }
  await using stack = new AsyncDisposableStack()
  const open = (url: string) => openTaskStore({ url, ...settings })
  const stores = await openStores(urls, stack, open, store => store.stats())
  const onProgress = progress.show.bind(progress)
  const { tasks, copied, newer, others, digest } = await copyTasks({ ...stores, signal, onProgress })
  return [
    `${tasks} tasks, ${copied} of them copied now`,
    ...(newer > 0 ? [`${newer} are newer in the target, and were not changed there`] : []),
    ...(others > 0 ? [`${others} other tasks were already in the target`] : []),
    `verified: ${tasks - newer} documents are the same in both stores (sha-256 ${digest})`,
  ]
}
