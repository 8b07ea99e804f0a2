import { fork } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Comparison } from './comparison.ts'
import { describeMachine, format } from './measure.ts'
import { writeSection } from './page.ts'

/**
 * Runs the benchmarks that compare Darkroom with something, one after the other, which takes about half an hour on an idle
 * machine. Prints their figures as one table. `--write` writes the table into README.md, and runs the flow with `--write`.
 */
const { values } = parseArgs({ options: { write: { type: 'boolean', default: false } } })
const runs = [
  ['flow', ...(values.write ? ['--write'] : [])],
  ['operations'],
  ['uploads'],
  ['slow-disk'],
  ['many-tasks', '200000'],
  ['queues'],
  ['footprint'],
]

const comparisons: Comparison[] = []
for (const run of runs) comparisons.push(...(await comparisonsOf(run)))
const circumstances = `${describeMachine()}.`
const lines = comparisons.map(lineOf)
const head = ['what', 'figure', 'Darkroom', 'beside it', 'its figure', 'ratio']
const table = [head, head.map(() => '---'), ...lines].map(cells => `| ${cells.join(' | ')} |`).join('\n')
process.stdout.write(`\n${circumstances}\n\n${table}\n`)
if (values.write) writeSection('all', `${circumstances}\n\n${table}`)

/** Runs a benchmark, which prints its own tables. @throws Error if it fails */
async function comparisonsOf(run: readonly string[]): Promise<Comparison[]> {
  const received: Comparison[] = []
  const child = fork(fileURLToPath(import.meta.resolve('./run.ts')), run)
  child.on('message', comparison => received.push(comparison as Comparison))
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`the benchmark ${run.join(' ')} ended with exit code ${code}`)
  return received
}

function lineOf({ what, figure, darkroom, beside }: Comparison): string[] {
  if (!beside) return [what, figure, format(darkroom), '', '', '']
  return [
    ...[what, figure, format(darkroom), beside.name, format(beside.figure)],
    `**${(darkroom / beside.figure).toFixed(2)}**`,
  ]
}
