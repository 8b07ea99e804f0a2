import { type EngineName, enginePrograms, findEngine, missingEngineMessage } from './engine-programs.ts'

/** At the end of a test run, prints which suites were skipped because this machine lacks their engines. */
for (const name of Object.keys(enginePrograms) as EngineName[]) {
  if (findEngine(name) === undefined) process.stdout.write(`${missingEngineMessage(name)}\n`)
}
