import { type EngineName, enginePrograms, findEngine, missingEngineWords } from './engine-programs.ts'

/** The last words of a test run: what it could not prove on this machine. */
for (const name of Object.keys(enginePrograms) as EngineName[]) {
  if (findEngine(name) === undefined) process.stdout.write(`${missingEngineWords(name)}\n`)
}
