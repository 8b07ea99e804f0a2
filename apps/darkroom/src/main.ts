import { runCommandLine } from './command-line.ts'

// A reader may close the pipe early (`darkroom status | head -3`): the command and its exit code are not affected. Any
// other write error, such as a full disk, is reported at the end, with exit code 1.
let unwritten: Error | undefined
for (const output of [process.stdout, process.stderr])
  output.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') unwritten ??= error
  })

process.exitCode = await runCommandLine(process)

process.on('exit', () => {
  if (unwritten === undefined) return
  process.stderr.write(`darkroom: not all output could be written: ${unwritten.message}\n`)
  process.exitCode ||= 1
})
