import type { Task, WorkerStats } from '@darkroom/contracts'
import { withoutCredentials } from '@darkroom/service-kit'
import { type Registered, workerOf } from './registry.ts'

/** The registered workers, and all others that hold a lease, each with its work. */
export function describeWorkers(
  registered: readonly Registered[],
  inProgress: readonly Task[],
): WorkerStats[] {
  const workers = new Map<string, WorkerStats>()
  for (const entry of registered) {
    const known = entry.service === 'image-worker' ? workerOf(entry) : undefined
    if (!known) continue
    const { url, worker: name = entry.instance, threads, decodes = [] } = known
    workers.set(name, {
      name,
      isRegistered: true,
      url: withoutCredentials(url),
      ...(threads !== undefined && { threads }),
      decodes,
      work: [],
    })
  }
  for (const { id, attempts, lease } of inProgress) {
    if (!lease) continue
    const name = workerNameOf(lease.worker)
    const worker = workers.get(name) ?? { name, isRegistered: false, decodes: [], work: [] }
    workers.set(name, worker)
    const { worker: thread, since } = lease
    worker.work.push({ thread, image: id, attempt: attempts, ...(since !== undefined && { since }) })
  }
  return [...workers.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Threads are named <worker>/<number>. */
function workerNameOf(thread: string): string {
  return thread.replace(/\/\d+$/, '')
}
