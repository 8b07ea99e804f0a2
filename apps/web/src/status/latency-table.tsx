import type { Durations, LastHour } from '@darkroom/contracts'
import { Scrollable } from '../shell/scrollable.tsx'
import { durationWords } from './words.ts'

const rows = [
  ['waiting', 'Waiting for a worker'],
  ['developing', 'Developing'],
  ['total', 'Upload to result'],
] as const

/** The percentiles of the durations of images. The bars share one scale. */
export function LatencyTable({ milliseconds }: LastHour) {
  const most = Math.max(1, ...rows.map(([name]) => milliseconds[name].p99))
  return (
    <Scrollable label="Durations">
      <table class="latency">
        <thead>
          <tr>
            <th scope="col">Last hour</th>
            <th scope="col">half within</th>
            <th scope="col">90 % within</th>
            <th scope="col">99 % within</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, words]) => (
            <Latency key={name} words={words} durations={milliseconds[name]} most={most} />
          ))}
        </tbody>
      </table>
    </Scrollable>
  )
}

function Latency({ words, durations, most }: { words: string; durations: Durations; most: number }) {
  const cell = (ms: number) => (
    <td>
      {durations.count === 0 ? '–' : durationWords(ms)}
      <span class="latency-bar" style={{ width: `${(ms / most) * 100}%` }} />
    </td>
  )
  return (
    <tr>
      <th scope="row">{words}</th>
      {cell(durations.p50)}
      {cell(durations.p90)}
      {cell(durations.p99)}
    </tr>
  )
}
