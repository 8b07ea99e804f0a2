import type { SpreadFigures } from '../apps/cluster-state/test/simulation/measure-spread.ts'
import { serfFormulaMs } from '../apps/cluster-state/test/simulation/serf-formula.ts'

const size = { width: 760, height: 430 }
const area = { left: 64, right: 600, top: 44, bottom: 372 }
const nodeTicks = [3, 10, 30, 100, 300, 1000]
const msTicks = [1, 3, 10, 30, 100, 300, 1000, 3000, 10_000, 30_000]
/** Colours that colour-blind people can tell apart, on white and on black (Okabe and Ito 2008). */
const colours = ['#0072b2', '#009e73', '#d55e00', '#cc79a7']

/** Plots the time until all nodes have a write over the number of nodes, one colour per loss rate, as SVG. */
export function drawSpread(figures: readonly SpreadFigures[]): string {
  const losses = [...new Set(figures.map(({ loss }) => loss))]
  const series = losses.map((loss, index) => {
    const ofLoss = figures.filter(each => each.loss === loss)
    return drawSeries(ofLoss, loss, colours[index] ?? 'currentColor')
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" role="img" aria-labelledby="title">
<title id="title">Time until all nodes have a write, by their number and by the share of packets lost</title>
<style>
  :root { color: #1f2328; background: #ffffff }
  @media (prefers-color-scheme: dark) { :root { color: #e6edf3; background: #0d1117 } }
  text { font: 13px system-ui, sans-serif; fill: currentColor }
  .grid { stroke: currentColor; stroke-opacity: 0.15 }
  .line { fill: none; stroke-width: 2.5 }
  .serf { stroke-dasharray: 2 5; stroke-width: 2 }
  .range { stroke: none; fill-opacity: 0.13 }
</style>
<text x="${area.left}" y="24">time until all have a write: median, and up to the 99th percentile</text>
${drawGrid()}
${series.join('\n')}
<text x="${(area.left + area.right) / 2}" y="${size.height - 18}" text-anchor="middle">nodes</text>
${drawLegend(losses)}
</svg>
`
}

function drawSeries(figures: readonly SpreadFigures[], loss: number, colour: string): string {
  const medians = figures.map(({ nodes, medianMs }) => point(nodes, medianMs))
  const slowest = figures.map(({ nodes, p99Ms }) => point(nodes, p99Ms))
  const serf = figures.map(({ nodes }) => point(nodes, serfFormulaMs(nodes, loss)))
  return [
    `<g stroke="${colour}" fill="${colour}">`,
    `<polygon class="range" points="${[...medians, ...slowest.toReversed()].join(' ')}"/>`,
    `<polyline class="line" points="${medians.join(' ')}"/>`,
    `<polyline class="line serf" points="${serf.join(' ')}"/>`,
    ...medians.map(each => `<circle cx="${each.split(',')[0]}" cy="${each.split(',')[1]}" r="3"/>`),
    '</g>',
  ].join('\n')
}

function drawGrid(): string {
  const ofNodes = nodeTicks.map(nodes => {
    const x = xOf(nodes)
    return `<path class="grid" d="M${x} ${area.top}V${area.bottom}"/><text x="${x}" y="${area.bottom + 20}" text-anchor="middle">${nodes}</text>`
  })
  const ofTimes = msTicks.map(ms => {
    const y = yOf(ms)
    const words = ms < 1000 ? `${ms} ms` : `${ms / 1000} s`
    return `<path class="grid" d="M${area.left} ${y}H${area.right}"/><text x="${area.left - 8}" y="${y + 4}" text-anchor="end">${words}</text>`
  })
  return [...ofNodes, ...ofTimes].join('\n')
}

function drawLegend(losses: readonly number[]): string {
  const x = area.right + 24
  const entries = losses.map((loss, index) => {
    const y = area.top + 20 + 26 * index
    return `<path d="M${x} ${y}h28" class="line" stroke="${colours[index]}"/><text x="${x + 36}" y="${y + 4}">${loss * 100} % lost</text>`
  })
  const y = area.top + 20 + 26 * losses.length
  return [
    ...entries,
    `<path d="M${x} ${y}h28" class="line serf" stroke="currentColor"/><text x="${x + 36}" y="${y + 4}">Serf’s formula</text>`,
  ].join('\n')
}

function point(nodes: number, ms: number): string {
  return `${xOf(nodes)},${yOf(ms)}`
}

/** Both axes are logarithmic. */
function xOf(nodes: number): number {
  return scale(nodes, nodeTicks, area.left, area.right)
}

function yOf(ms: number): number {
  return scale(ms, msTicks, area.bottom, area.top)
}

function scale(value: number, ticks: readonly number[], from: number, to: number): number {
  const [least = 1, most = 1] = [ticks[0], ticks.at(-1)]
  const share = Math.log(Math.max(value, least) / least) / Math.log(most / least)
  return Math.round(10 * (from + (to - from) * share)) / 10
}
