import type { LastHour } from '@darkroom/contracts'
import { minutes } from './filters.ts'
import { countWords } from './words.ts'

const width = 600
const height = 120
const gap = 1.5

/** The images that ended in each of the latest minutes: finished above, failed in the accent colour below. */
export function ThroughputChart({ perMinute }: LastHour) {
  const shown = perMinute.slice(-minutes.value)
  const sum = (name: 'finished' | 'failed') =>
    countWords(shown.reduce((total, minute) => total + minute[name], 0))
  const most = Math.max(0, ...shown.map(minute => minute.finished + minute.failed))
  const scale = (count: number) => (count / Math.max(1, most)) * height
  const label = `${sum('finished')} finished and ${sum('failed')} failed in ${minutes.value} minutes; at most ${countWords(most)} a minute`
  return (
    <figure class="chart">
      <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-label={label}>
        <title>{label}</title>
        <path class="bar" d={bars(shown.map(({ finished, failed }) => [scale(failed), scale(finished)]))} />
        <path class="bar is-failed" d={bars(shown.map(({ failed }) => [0, scale(failed)]))} />
      </svg>
      <figcaption>
        <span>
          <span class="key">finished</span> <span class="key is-failed">failed</span>
        </span>
        <span>
          {minutes.value} minutes, at most {countWords(most)} a minute
        </span>
        <span>now</span>
      </figcaption>
    </figure>
  )
}

/** One path for all bars, each with its distance from the ground and its height: an element for each would cost more. */
function bars(places: readonly (readonly [number, number])[]): string {
  const step = width / Math.max(1, places.length)
  return places
    .map(([below, tall], at) =>
      tall > 0 ? `M${at * step} ${height - below}h${step - gap}v${-tall}h${gap - step}z` : '',
    )
    .join('')
}
