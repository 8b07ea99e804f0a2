/** Generates the table and the plot of docs/gossip.md. The figures come from a simulation, and change only with the code. */
import { readFileSync, writeFileSync } from 'node:fs'
import { measureSpread, type SpreadFigures } from '../apps/cluster-state/test/simulation/measure-spread.ts'
import { serfFormulaMs } from '../apps/cluster-state/test/simulation/serf-formula.ts'
import { drawSpread } from './gossip-plot.ts'

const folder = new URL('../docs/', import.meta.url)
const page = new URL('gossip.md', folder)
const plot = new URL('gossip-spread.svg', folder)

const losses = [0, 0.1, 0.25, 0.5]
/** Large clusters have few writes, because their simulation takes long. */
const sizes = [
  { nodes: 3, writes: 400 },
  { nodes: 5, writes: 400 },
  { nodes: 10, writes: 400 },
  { nodes: 30, writes: 200 },
  { nodes: 100, writes: 100 },
  { nodes: 1000, writes: 10 },
]

const begin = '<!-- figures: written by the benchmark -->\n'
const end = '<!-- end of figures -->'

const figures: SpreadFigures[] = []
for (const { nodes, writes } of sizes)
  for (const loss of losses) {
    figures.push(await measureSpread({ nodes, loss, writes }))
    process.stderr.write(`${nodes} nodes, ${loss * 100} % lost\n`)
  }
writeFileSync(plot, drawSpread(figures))
writeFileSync(page, withFigures(readFileSync(page, 'utf8'), tableOf(figures)))

function withFigures(text: string, table: string): string {
  const [before, rest = ''] = text.split(begin)
  const after = rest.slice(rest.indexOf(end))
  if (!after.startsWith(end)) throw new Error(`${page.pathname} has no place for the figures`)
  return `${before}${begin}\n${table}\n${after}`
}

function tableOf(rows: readonly SpreadFigures[]): string {
  const head = [
    ['nodes', 'lost', 'writes', 'median', 'p99', 'Serf’s formula'],
    ['KiB until all have it', 'KiB in all', 'idle, bytes/s'],
  ].flat()
  const cells = rows.map(row => [
    String(row.nodes),
    `${row.loss * 100} %`,
    String(row.writes),
    inSeconds(row.medianMs),
    inSeconds(row.p99Ms),
    inSeconds(serfFormulaMs(row.nodes, row.loss)),
    inKibibytes(row.bytesUntilAgreed),
    inKibibytes(row.bytesInAll),
    String(Math.round(row.idleBytesPerSecond)),
  ])
  const widths = head.map((title, column) =>
    Math.max(title.length, ...cells.map(row => (row[column] ?? '').length)),
  )
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padStart(widths[column] ?? 0)).join(' | ')} |`
  const rule = `| ${widths.map(width => `${'-'.repeat(width - 1)}:`).join(' | ')} |`
  return [line(head), rule, ...cells.map(line), ''].join('\n')
}

function inSeconds(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}

function inKibibytes(bytes: number): string {
  return (bytes / 1024).toFixed(1)
}
