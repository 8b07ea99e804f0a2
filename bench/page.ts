import { readFileSync, writeFileSync } from 'node:fs'

const page = new URL('README.md', import.meta.url)

/** Writes a benchmark's part of README.md, which is between two comments with the name of the benchmark. */
export function writeSection(name: string, text: string): void {
  const [begin, end] = [`<!-- ${name}: written by the benchmark -->`, `<!-- /${name} -->`]
  const before = readFileSync(page, 'utf8')
  const [from, to] = [before.indexOf(begin), before.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`bench/README.md has no lines "${begin}" and "${end}"`)
  writeFileSync(page, `${before.slice(0, from)}${begin}\n\n${text}\n\n${before.slice(to)}`)
}
