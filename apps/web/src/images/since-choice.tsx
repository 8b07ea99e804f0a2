import { serverNow } from '../api/server-clock.ts'
import { filter, show } from './filter.ts'

const hourMs = 3_600_000
const spans: readonly (readonly [string, number])[] = [
  ['Last hour', hourMs],
  ['Last 24 hours', 24 * hourMs],
  ['Last 7 days', 7 * 24 * hourMs],
]

/** Chooses since when images are shown. The URL has the instant, so that a link shows the same images later. */
export function SinceChoice() {
  const { since, cursor: _, ...others } = filter.value
  const choose = (ms: string) =>
    show({ ...others, since: ms === '' ? undefined : new Date(serverNow() - Number(ms)).toISOString() })
  return (
    <select
      aria-label="Images since"
      value={since === undefined ? '' : 'chosen'}
      onChange={event => choose(event.currentTarget.value)}
    >
      <option value="">Any time</option>
      {spans.map(([words, ms]) => (
        <option key={ms} value={ms}>
          {words}
        </option>
      ))}
      {since !== undefined && <option value="chosen">Since {instantWords(since)}</option>}
    </select>
  )
}

function instantWords(instant: string): string {
  const date = new Date(instant)
  if (Number.isNaN(date.getTime())) return instant
  return date.toLocaleString(undefined, { dateStyle: 'short', timeStyle: 'short' })
}
