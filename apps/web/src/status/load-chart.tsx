import { minutes } from './filters.ts'
import { loads } from './stats.ts'
import { countWords } from './words.ts'

const width = 600
const height = 120
/** There is a count each minute. No line is drawn over a longer gap, because its counts are unknown. */
const maxGapMs = 150_000

/** How many images waited and were developed, from the first count of a frontend on. */
export function LoadChart() {
  const spanMs = minutes.value * 60_000
  const now = loads.value.at(-1)?.at ?? 0
  const shown = loads.value.filter(({ at }) => now - at <= spanMs)
  const most = Math.max(0, ...shown.flatMap(({ waiting, developing }) => [waiting, developing]))
  const last = shown.at(-1)
  const shownMinutes = Math.ceil((now - (shown[0]?.at ?? now)) / 60_000)
  const span = shownMinutes <= 1 ? 'one minute' : `${shownMinutes} minutes`
  const line = (name: 'waiting' | 'developing') =>
    shown
      .map((load, index) => {
        const x = width - ((now - load.at) / spanMs) * width
        const y = height - 1 - (load[name] / Math.max(1, most)) * (height - 2)
        const isAfterGap = load.at - (shown[index - 1]?.at ?? 0) > maxGapMs
        return isAfterGap ? `M${x},${y}h0` : `L${x},${y}` // h0: a point is drawn, too
      })
      .join('')
  const label = `${countWords(last?.waiting ?? 0)} waiting and ${countWords(last?.developing ?? 0)} being developed now; at most ${countWords(most)} in ${span}`
  return (
    <figure class="chart">
      <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-label={label}>
        <title>{label}</title>
        <path class="line" d={line('waiting')} />
        <path class="line is-developing" d={line('developing')} />
      </svg>
      <figcaption>
        <span>
          <span class="key">waiting</span> <span class="key is-developing">developing</span>
        </span>
        <span>
          {span}, at most {countWords(most)}
        </span>
        <span>now</span>
      </figcaption>
    </figure>
  )
}
