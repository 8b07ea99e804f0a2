import type { LastHour } from '@darkroom/contracts'
import { reasonWords } from './words.ts'

/** Why images failed in the last hour, the most frequent reason first. */
export function Failures({ failures, failed }: LastHour) {
  if (failures.length === 0) return <p class="hint">Nothing failed in the last hour.</p>
  return (
    <ul class="failures">
      {failures.map(({ type, count }) => (
        <li key={type}>
          <span class="failure-reason">{reasonWords(type)}</span>
          <meter
            min="0"
            max={failed}
            value={count}
            aria-label={`${reasonWords(type)}: share of the failures`}
          />
          <span class="failure-count">{count}</span>
        </li>
      ))}
      <li>
        <a href="./?state=failed">See what failed</a>
      </li>
    </ul>
  )
}
