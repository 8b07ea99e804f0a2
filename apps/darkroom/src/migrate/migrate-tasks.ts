import { createLogger } from '@darkroom/service-kit'
import { migrateTasks as copyTasks, openTaskStore } from '@darkroom/task-db/migrate'
import type { Migrate } from './migration.ts'
import { openStore } from './open-store.ts'

export const migrateTasks: Migrate = async ({ from, to }, { signal, progress }) => {
  const settings = { connections: 4, timeoutMs: 10_000, logger: createLogger('migrate', 'silent') }
  await using stores = new AsyncDisposableStack()
  const open = (url: string) =>
    openStore(
      url,
      stores,
      () => openTaskStore({ url, ...settings }),
      store => store.stats(),
    )
  const source = await open(from)
  const target = await open(to)
  const onProgress = progress.show.bind(progress)
  const { tasks, copied, newer, others, digest } = await copyTasks({
    from: source,
    to: target,
    signal,
    onProgress,
  })
  return [
    `${tasks} tasks, ${copied} of them copied now`,
    ...(newer > 0 ? [`${newer} are newer in the target, and were not changed there`] : []),
    ...(others > 0 ? [`${others} other tasks were already in the target`] : []),
    `verified: ${tasks - newer} documents are the same in both stores (sha-256 ${digest})`,
  ]
}
