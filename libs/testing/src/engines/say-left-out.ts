import { type EngineName, enginePrograms, findEngine, missingEngineMessage } from './engine-programs.ts'

/** Prints at the end of a test run the suites that could not run on this machine. */
for (const name of Object.keys(enginePrograms) as EngineName[]) {
  if (findEngine(name) === undefined) process.stdout.write(`${missingEngineMessage(name)}\n`)
}
