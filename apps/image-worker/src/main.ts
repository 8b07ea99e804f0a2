import { availableParallelism } from 'node:os'
import { runService } from '@darkroom/service-kit'
import { Config, start } from './start.ts'

// All threads share libuv's pool, on which sharp works: a place for each, and some for files and names.
process.env.UV_THREADPOOL_SIZE ??= String(Number(process.env.THREADS ?? availableParallelism()) + 4)

// Started by another process: without that one, nobody needs this one.
const abandon = () => process.kill(process.pid, 'SIGKILL')
process.once('disconnect', abandon)
if (process.connected === false) abandon() // it ended while this one was loading

await runService(process, 'image-worker', Config, (config, logger) =>
  start(config, logger, { pid: process.pid, abandon }),
)
