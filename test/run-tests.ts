import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { folderOfRun } from './folder-of-run.ts'

/** Test files that share one process. */
interface TestJob {
  files: readonly string[]
  /** A module that the process loads first. */
  preload?: string
}

/** A test that takes longer hangs. */
const testTimeoutMs = 600_000
/** A process that takes longer is kept alive by a handle that a test left open. */
const jobTimeoutMs = 1_500_000

/** How many of the longest jobs are listed at the end of a run. */
const shownLongest = 10

/** A process that stays this long after its last test is listed: a test left a timer or a connection open. */
const lingeringSeconds = 20

/** More than twice the processors: tests wait for more than half of their time. */
const testProcesses = 2 * availableParallelism() + 1

/** The environment of the processes of a run. */
export const env: Record<string, string | undefined> & { TMPDIR: string } = {
  // Hundreds of processes start here; half of the time that takes is compiling.
  NODE_COMPILE_CACHE: join(process.cwd(), 'node_modules/.cache/compiled'),
  TMPDIR: folderOfRun(),
  ...process.env,
}

interface JobResult {
  job: TestJob
  isRight: boolean
  output: string
  seconds: number
  /** From the result of the last test to the end of the process. */
  secondsAfterTests: number
}

/**
 * Runs jobs in their order, `atOnce` at a time. Prints the output of each when it ends. At the end, prints the output of
 * the failed jobs again, so that it is easy to find.
 *
 * @returns whether all tests passed
 */
export async function runTests(jobs: readonly TestJob[], { atOnce = testProcesses } = {}): Promise<boolean> {
  const startedAt = performance.now()
  const waiting = [...jobs]
  const results: JobResult[] = []
  const lane = async () => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      const result = await runJob(job)
      results.push(result)
      process.stdout.write(result.output)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
  const failed = results.filter(({ isRight }) => !isRight)
  for (const { output } of failed) process.stdout.write(output)
  const seconds = Math.round((performance.now() - startedAt) / 1000)
  const counts = ['tests', 'fail', 'skipped'].map(name => `${name} ${countOf(name, results)}`).join(', ')
  process.stdout.write(`\n${counts} in ${jobs.length} processes, ${seconds} s\n`)
  for (const { job, seconds } of results
    .toSorted((one, other) => other.seconds - one.seconds)
    .slice(0, shownLongest))
    process.stdout.write(`${String(seconds).padStart(4)} s: ${nameOf(job)}\n`)
  for (const { job, secondsAfterTests } of results)
    if (secondsAfterTests >= lingeringSeconds)
      process.stdout.write(`${nameOf(job)} did not end until ${secondsAfterTests} s after its last test\n`)
  for (const { job } of failed) process.stdout.write(`failed: ${job.files.join(' ')}\n`)
  return failed.length === 0
}

const nameOf = ({ files }: TestJob) =>
  files.length === 1 ? `${files[0]}` : `${files[0]} and ${files.length - 1} more`

async function runJob(job: TestJob): Promise<JobResult> {
  const startedAt = performance.now()
  const preload = job.preload === undefined ? [] : ['--import', job.preload]
  const options = ['--test-reporter=spec', `--test-timeout=${testTimeoutMs}`]
  const child = spawn(process.execPath, [...preload, ...options, 'test/run-files.ts', ...job.files], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const written: string[] = []
  let testedAt = startedAt
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      written.push(text)
      if (!text.startsWith('ℹ')) testedAt = performance.now() // Node writes the summary when the process ends
    })
  const { promise: ended, resolve, reject } = Promise.withResolvers<boolean>()
  child.once('error', reject).once('close', code => resolve(code === 0))
  const timer = setTimeout(() => {
    written.push(`${job.files.join(' ')} did not end within ${jobTimeoutMs / 1000} s\n`)
    child.kill('SIGKILL')
  }, jobTimeoutMs)
  const isRight = await ended
  clearTimeout(timer)
  const secondsSince = (from: number) => Math.round((performance.now() - from) / 1000)
  return {
    job,
    isRight,
    output: written.join(''),
    seconds: secondsSince(startedAt),
    secondsAfterTests: secondsSince(testedAt),
  }
}

/** The sum of a number over the summaries that Node's reporter wrote. */
function countOf(name: string, results: readonly JobResult[]): number {
  const line = new RegExp(`^ℹ ${name} (\\d+)$`, 'm')
  return results.reduce((sum, { output }) => sum + Number(line.exec(output)?.[1] ?? 0), 0)
}
