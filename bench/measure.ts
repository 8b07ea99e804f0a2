import { availableParallelism, cpus } from 'node:os'
import sharp from 'sharp'

/** The number of interleaved runs, whose medians are reported; RUNS changes it. */
const runs = Math.max(15, Number(process.env.RUNS ?? 15))
const warmUps = 2

/** One side of a comparison; returns the size of its result in bytes. */
export type Side = () => Promise<number> | number

/** Medians of wall time and of the process's CPU time in ms, and the size of the last result in bytes. */
export interface Measured {
  readonly wall: number
  readonly cpu: number
  readonly bytes: number
}

/** Runs the sides alternately, so that other load on the machine affects all of them. */
export async function measure(sides: readonly Side[]): Promise<Measured[]> {
  const results = sides.map(() => ({ walls: [] as number[], cpus: [] as number[], bytes: 0 }))
  for (let run = -warmUps; run < runs; run += 1) {
    for (const [at, side] of sides.entries()) {
      const cpuBefore = process.cpuUsage()
      const before = performance.now()
      const bytes = await side()
      const wall = performance.now() - before
      const { user, system } = process.cpuUsage(cpuBefore)
      const result = results[at]
      if (result === undefined || run < 0) continue
      result.walls.push(wall)
      result.cpus.push((user + system) / 1000)
      result.bytes = bytes
    }
  }
  return results.map(({ walls, cpus, bytes }) => ({ wall: median(walls), cpu: median(cpus), bytes }))
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** The value below which this share of the values lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.floor(values.length * share)] ?? Number.NaN
}

/** The machine and the versions behind the figures. */
export function describeMachine(): string {
  const machine = `${availableParallelism()} cores (${cpus()[0]?.model})`
  return `${machine}, Node ${process.version}, sharp ${sharp.versions.sharp}`
}

export function printCircumstances(): void {
  print(`${describeMachine()}; medians of ${runs}.`)
}

/** The head of a table in Markdown; `row` continues it. */
export function table(title: string, ...columns: string[]): void {
  print('', title, '')
  row(...columns)
  row(...columns.map(() => '---'))
}

export function row(...cells: (string | number)[]): void {
  print(`| ${cells.map(cell => (typeof cell === 'number' ? format(cell) : cell)).join(' | ')} |`)
}

export function format(value: number): string {
  return value < 10 ? value.toFixed(2) : value.toFixed(1)
}

function print(...lines: string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`)
}
