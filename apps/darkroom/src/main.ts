#!/usr/bin/env node
import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'
import { runCommandLine } from './command-line.ts'

// A reader may close the pipe early (`darkroom status | head -3`): the command and its exit code are not affected. Any
// other write error, such as a full disk, is reported at the end, with exit code 1.
let unwritten: Error | undefined
for (const output of [process.stdout, process.stderr])
  output.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') unwritten ??= error
  })

// A short command spends most of its time loading and compiling, so compiled code is cached, also for child processes.
// Only the user who installed Darkroom can write to the cache. Node's default is in /tmp, where any user may make it.
const compiled = fileURLToPath(new URL('../../../node_modules/.cache/compiled', import.meta.url))
process.env.NODE_COMPILE_CACHE ??= compiled
enableCompileCache(process.env.NODE_COMPILE_CACHE)

process.exitCode = await runCommandLine(process)

process.on('exit', () => {
  if (unwritten === undefined) return
  process.stderr.write(`darkroom: not all output could be written: ${unwritten.message}\n`)
  process.exitCode ||= 1
})
