import type { LastHour } from '@darkroom/contracts'
import { minutes } from './filters.ts'

const width = 600
const height = 120
const gap = 1.5

/** The images that ended in each of the latest minutes: finished above, failed in the accent colour below. */
export function ThroughputChart({ perMinute }: LastHour) {
  const shown = perMinute.slice(-minutes.value)
  const sum = (name: 'finished' | 'failed') => shown.reduce((total, minute) => total + minute[name], 0)
  const most = Math.max(1, ...shown.map(minute => minute.finished + minute.failed))
  const step = width / Math.max(1, shown.length)
  const scale = (count: number) => (count / most) * height
  const label = `${sum('finished')} finished and ${sum('failed')} failed in ${minutes.value} minutes; at most ${most} a minute`
  return (
    <figure class="chart">
      <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-label={label}>
        <title>{label}</title>
        {shown.map((minute, at) => {
          const failedHeight = scale(minute.failed)
          const finishedHeight = scale(minute.finished)
          const place = { x: at * step, width: step - gap }
          return (
            <g key={minute.at}>
              <rect
                class="bar"
                {...place}
                y={height - failedHeight - finishedHeight}
                height={finishedHeight}
              />
              <rect class="bar is-failed" {...place} y={height - failedHeight} height={failedHeight} />
            </g>
          )
        })}
      </svg>
      <figcaption>
        <span>
          <span class="key">finished</span> <span class="key is-failed">failed</span>
        </span>
        <span>
          {minutes.value} minutes, at most {most} a minute
        </span>
        <span>now</span>
      </figcaption>
    </figure>
  )
}
