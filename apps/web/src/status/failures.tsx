import type { LastHour } from '@darkroom/contracts'
import { useSignal } from '@preact/signals'
import { singleClick } from '../shell/single-click.ts'
import { countFailed, retryFailed, retryOutcome } from './retry-many.ts'
import { reasonWords } from './words.ts'

/** The reasons of failures in the last hour, the most frequent first. The images of each reason, or all, can be retried. */
export function Failures({ failures, failed, inAll }: LastHour & { inAll: number }) {
  return (
    <>
      {failures.length === 0 && <p class="hint">Nothing failed in the last hour.</p>}
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
            <RetryButton words="Retry these" label={`Retry these: ${reasonWords(type)}`} type={type} />
          </li>
        ))}
      </ul>
      {inAll > 0 && (
        <p class="inline retry-all">
          <a href="./?state=failed">See what failed</a>
          <RetryButton words="Retry all that failed" label="Retry all that failed" />
        </p>
      )}
      <p class="hint" role="status">
        {retryOutcome.value}
      </p>
    </>
  )
}

/** Shows the number of images and asks for confirmation, because many images may be developed again. */
function RetryButton({ words, label, type }: { words: string; label: string; type?: string }) {
  const asked = useSignal<number | 'counting' | undefined>(undefined)
  const ask = async () => {
    asked.value = 'counting'
    asked.value = await countFailed(type)
  }
  const retry = () => {
    asked.value = undefined
    void retryFailed(type)
  }
  if (typeof asked.value !== 'number')
    return (
      <button
        type="button"
        aria-label={label}
        disabled={asked.value === 'counting'}
        onClick={() => void ask()}
      >
        {words}
      </button>
    )
  if (asked.value === 0) return <span class="hint">None is left: they were retried or deleted</span>
  return (
    <span class="inline">
      <button type="button" class="primary" autofocus onClick={singleClick(retry)}>
        Yes, retry {asked.value} {asked.value === 1 ? 'image' : 'images'}
      </button>
      <button type="button" onClick={() => (asked.value = undefined)}>
        No
      </button>
    </span>
  )
}
