import { availableParallelism } from 'node:os'
import { runService } from '@darkroom/service-kit'
import { Config, start } from './start.ts'

// All threads share libuv's pool, on which sharp works: it has a thread for each of ours, and a few for files and names.
process.env.UV_THREADPOOL_SIZE ??= String(Number(process.env.THREADS || availableParallelism()) + 4)

// If a process has started this process, both end together.
const kill = () => process.kill(process.pid, 'SIGKILL')
process.once('disconnect', kill)
if (process.connected === false) kill() // The parent ended while this process was loading.

await runService(process, 'image-worker', Config, (config, logger) =>
  start(config, logger, { pid: process.pid, kill }),
)
