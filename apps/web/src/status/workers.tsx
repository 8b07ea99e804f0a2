import type { WorkerStats } from '@darkroom/contracts'
import { sinceWords } from './words.ts'

/** Each worker with its threads, the image that each develops, and since when. */
export function Workers({ workers }: { workers: readonly WorkerStats[] }) {
  if (workers.length === 0) return <p class="refusal">No worker is registered: images wait until one is.</p>
  return (
    <ul class="workers">
      {workers.map(({ name, isRegistered, threads = 0, work }) => (
        <li key={name}>
          <p class="worker-name">
            {name}
            <span class="hint">
              {isRegistered
                ? ` · ${work.length} of ${threads} ${threads === 1 ? 'thread' : 'threads'} busy`
                : ' · holds images, but does not report any more'}
            </span>
          </p>
          <ul>
            {work.map(({ thread, image, attempt, since }) => (
              <li key={thread}>
                <span class="id">{image}</span>
                <span class="hint">
                  {since ? ` for ${sinceWords(since)}` : ''}
                  {attempt > 1 ? `, attempt ${attempt}` : ''}
                </span>
              </li>
            ))}
          </ul>
        </li>
      ))}
    </ul>
  )
}
