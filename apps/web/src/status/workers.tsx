import type { WorkerStats } from '@darkroom/contracts'
import { filters } from './filters.ts'
import { sinceWords } from './words.ts'

/**
 * Each worker with its threads, the images that each develops, and since when. While a thread delivers a small result, it
 * develops the next image.
 */
export function Workers({ workers }: { workers: readonly WorkerStats[] }) {
  if (workers.length === 0)
    return <p class="refusal">No worker is registered: images wait until a worker starts.</p>
  const shown = workers.filter(({ isRegistered }) => filters.value.show !== 'problems' || !isRegistered)
  if (shown.length === 0) return <p class="hint">Every worker reports.</p>
  return (
    <ul role="list" class="workers">
      {shown.map(worker => (
        <Worker key={worker.name} {...worker} />
      ))}
    </ul>
  )
}

function Worker({ name, isRegistered, threads = 0, decodes, work }: WorkerStats) {
  const busy = new Set(work.map(({ thread }) => thread)).size
  const idle = Math.max(0, threads - busy)
  return (
    <li>
      <p class={isRegistered ? 'worker-name' : 'worker-name refusal'}>
        {name}
        <span class="hint">
          {isRegistered
            ? ` · ${busy} of ${threads} ${threads === 1 ? 'thread' : 'threads'} busy`
            : ' · has images, but no longer reports'}
          {decodes.length > 0
            ? ` · also reads ${decodes.join(', ').replaceAll('image/', '').toUpperCase()}`
            : ''}
        </span>
      </p>
      <ul role="list" class="threads">
        {work.map(({ thread, image, attempt, since }) => (
          <li key={image}>
            <span class="thread is-busy">{thread.split('/').pop()}</span>
            <span class="id">{image}</span>
            <span class="hint">
              {[since && `for ${sinceWords(since)}`, attempt > 1 && `attempt ${attempt}`]
                .filter(Boolean)
                .join(', ')}
            </span>
          </li>
        ))}
        {isRegistered && idle > 0 && (
          <li>
            <span class="thread">{idle}</span>
            <span class="hint">idle</span>
          </li>
        )}
      </ul>
    </li>
  )
}
