import type { LastHour } from '@darkroom/contracts'
import { useSignal } from '@preact/signals'
import { retryFailed, retryOutcome } from './retry-many.ts'
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
            <RetryButton words={`all that failed with: ${reasonWords(type)}`} type={type} />
          </li>
        ))}
      </ul>
      {inAll > 0 && (
        <p class="inline">
          <a href="./?state=failed">See what failed</a>
          <RetryButton words={`all ${inAll} that failed`} />
        </p>
      )}
      <p class="hint" role="status">
        {retryOutcome.value}
      </p>
    </>
  )
}

/** Asks once more: many images may be developed again. */
function RetryButton({ words, type }: { words: string; type?: string }) {
  const isAsking = useSignal(false)
  const retry = () => {
    isAsking.value = false
    void retryFailed(type)
  }
  if (!isAsking.value)
    return (
      <button type="button" aria-label={`Retry ${words}`} onClick={() => (isAsking.value = true)}>
        Retry
      </button>
    )
  return (
    <span class="inline">
      <button type="button" class="primary" onClick={retry}>
        Yes, {words}
      </button>
      <button type="button" onClick={() => (isAsking.value = false)}>
        No
      </button>
    </span>
  )
}
