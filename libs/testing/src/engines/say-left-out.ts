import { type EngineName, enginePrograms, findEngine, missingEngineWords } from './engine-programs.ts'

/** Ends a test run with a list of the suites that it could not run on this machine. */
for (const name of Object.keys(enginePrograms) as EngineName[]) {
  if (findEngine(name) === undefined) process.stdout.write(`${missingEngineWords(name)}\n`)
}
