import { resolve } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import './follow-tests.ts'

// Runs test files in this process, when all of them are loaded. A file that cannot be loaded is a failed test, so that
// the others run.
const { before, test } = await import('node:test') // loads after follow-tests.ts
const { promise: loaded, resolve: begin } = Promise.withResolvers<void>()
before(() => loaded)
for (const file of process.argv.slice(2))
  await import(pathToFileURL(resolve(file)).href).catch(error => {
    test(file, () => {
      throw error
    })
  })
begin()
