import type { LastHour } from '@darkroom/contracts'
import { Question } from './question.tsx'
import { countFailed, retryFailed, retryOutcome } from './retry-many.ts'
import { countWords, reasonWords } from './words.ts'

/** The reasons of failures in the last hour, the most frequent first. The images of each reason, or all, can be retried. */
export function Failures({ failures, failed, inAll }: LastHour & { inAll: number }) {
  return (
    <>
      {failures.length === 0 && <p class="hint">Nothing failed in the last hour.</p>}
      <ul role="list" class="failures">
        {failures.map(({ type, count }) => (
          <li key={type}>
            <span class="failure-reason">{reasonWords(type)}</span>
            <meter
              min="0"
              max={failed}
              value={count}
              aria-label={`${reasonWords(type)}: share of the failures`}
            />
            <span class="failure-count">{countWords(count)}</span>
            <RetryButton words="Retry these" label={`Retry these: ${reasonWords(type)}`} type={type} />
          </li>
        ))}
      </ul>
      {inAll > 0 && (
        <p class="inline retry-all">
          <a href="./?state=failed">Show failed images</a>
          <RetryButton words="Retry all failed images" label="Retry all failed images" />
        </p>
      )}
      <p class="hint" role="status">
        {retryOutcome.value}
      </p>
    </>
  )
}

/** Shows the number of images before it retries them, because there may be many. */
function RetryButton({ words, label, type }: { words: string; label: string; type?: string }) {
  const ask = async () => {
    const count = await countFailed(type)
    return count ? `Yes, retry ${countWords(count)} ${count === 1 ? 'image' : 'images'}` : undefined
  }
  return <Question words={words} label={label} ask={ask} act={() => void retryFailed(type)} />
}
