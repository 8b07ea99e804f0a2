import { minutes } from './filters.ts'
import { loads } from './stats.ts'

const width = 600
const height = 120

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
      .map(
        load =>
          `${width - ((now - load.at) / spanMs) * width},${height - 1 - (load[name] / Math.max(1, most)) * (height - 2)}`,
      )
      .join(' ')
  const label = `${last?.waiting ?? 0} waiting and ${last?.developing ?? 0} being developed now; at most ${most} in ${span}`
  return (
    <figure class="chart">
      <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-label={label}>
        <title>{label}</title>
        <polyline class="line" points={line('waiting')} />
        <polyline class="line is-developing" points={line('developing')} />
      </svg>
      <figcaption>
        <span>
          <span class="key">waiting</span> <span class="key is-developing">developing</span>
        </span>
        <span>
          {span}, at most {most}
        </span>
        <span>now</span>
      </figcaption>
    </figure>
  )
}
