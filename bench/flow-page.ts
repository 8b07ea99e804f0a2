import { writeFileSync } from 'node:fs'
import { format } from './measure.ts'
import { writeSection } from './page.ts'

/** One row of the table: a kind of image, and the figures of each side. */
export interface FlowRow {
  readonly name: string
  readonly kilobytes: number
  readonly homeMade: SideFigures
  readonly darkroom: SideFigures
  /** CPU time of Darkroom's swap alone, in ms. */
  readonly imageWorkMs: number
}

interface SideFigures {
  readonly imagesPerSecond: number
  readonly cpuMs: number
}

const picture = new URL('flow.svg', import.meta.url)

/** A table in Markdown. */
export function flowTable(homeMadeName: string, rows: readonly FlowRow[]): string {
  const head = ['image', 'KB', `${homeMadeName}, images/s`, 'Darkroom, images/s', 'ratio']
  const columns = [...head, `${homeMadeName}, CPU ms`, 'Darkroom, CPU ms', 'of which image work']
  const lines = rows.map(({ name, kilobytes, homeMade, darkroom, imageWorkMs }) => [
    ...[name, kilobytes.toFixed(0), format(homeMade.imagesPerSecond), format(darkroom.imagesPerSecond)],
    `**${format(darkroom.imagesPerSecond / homeMade.imagesPerSecond)}**`,
    ...[homeMade.cpuMs, darkroom.cpuMs, imageWorkMs].map(format),
  ])
  return [columns, columns.map(() => '---'), ...lines].map(cells => `| ${cells.join(' | ')} |`).join('\n')
}

/** Writes the figures into README.md, and draws them. */
export function writeFlowPage(circumstances: string, homeMadeName: string, rows: readonly FlowRow[]): void {
  writeSection('flow', `${circumstances}\n\n${flowTable(homeMadeName, rows)}`)
  writeFileSync(picture, drawFlow(rows))
}

/** Bars of images a second, as multiples of the home-made server's. */
function drawFlow(rows: readonly FlowRow[]): string {
  const [left, top, rowHeight, width] = [150, 60, 44, 720]
  const ratios = rows.map(({ homeMade, darkroom }) => darkroom.imagesPerSecond / homeMade.imagesPerSecond)
  const longest = Math.max(1, ...ratios)
  const scale = (width - left - 60) / longest
  const bars = rows.map((row, at) => {
    const y = top + at * rowHeight
    const ratio = ratios[at] ?? 0
    const length = (ratio * scale).toFixed(1)
    return [
      `<text x="${left - 12}" y="${y + 19}" text-anchor="end">${row.name}</text>`,
      `<rect class="theirs" x="${left}" y="${y}" width="${scale.toFixed(1)}" height="12"/>`,
      `<rect class="ours" x="${left}" y="${y + 14}" width="${length}" height="12"/>`,
      `<text class="ratio" x="${(left + ratio * scale + 8).toFixed(1)}" y="${y + 25}">${format(ratio)}</text>`,
    ].join('\n')
  })
  const height = top + rows.length * rowHeight + 8
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title">
<title id="title">Images a second from upload to result: Darkroom as a multiple of the home-made server</title>
<style>
  :root { color: #1f2328 }
  text { font: 13px system-ui, sans-serif; fill: currentColor }
  .ratio { font-weight: 600 }
  .theirs { fill: #8b949e }
  .ours { fill: #bc4c00 }
  @media (prefers-color-scheme: dark) { :root { color: #e6edf3 } .ours { fill: #f0883e } }
</style>
<text x="${left}" y="24">images a second from upload to result, as a multiple of the home-made server's</text>
<rect class="theirs" x="${left}" y="36" width="12" height="12"/><text x="${left + 18}" y="47">home-made</text>
<rect class="ours" x="${left + 110}" y="36" width="12" height="12"/><text x="${left + 128}" y="47">Darkroom</text>
${bars.join('\n')}
</svg>
`
}
