import type { LastHour } from '@darkroom/contracts'

const width = 600
const height = 120
const gap = 1.5

/** The images that ended in each minute of the last hour: finished above, failed in the accent colour below. */
export function ThroughputChart({ perMinute, finished, failed }: LastHour) {
  const most = Math.max(1, ...perMinute.map(minute => minute.finished + minute.failed))
  const step = width / Math.max(1, perMinute.length)
  const scale = (count: number) => (count / most) * height
  const label = `${finished} finished and ${failed} failed in the last hour; at most ${most} a minute`
  return (
    <figure class="chart">
      <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-label={label}>
        <title>{label}</title>
        {perMinute.map((minute, at) => {
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
        <span>an hour ago</span>
        <span>at most {most} a minute</span>
        <span>now</span>
      </figcaption>
    </figure>
  )
}
