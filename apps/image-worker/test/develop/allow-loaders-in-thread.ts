import { parentPort, workerData } from 'node:worker_threads'
import { allowOnlyOurLoaders } from '../../src/develop/allow-loaders.ts'

/** A thread that begins like those of a worker, and ends. */
allowOnlyOurLoaders(workerData)
parentPort?.close()
