import { parentPort, workerData } from 'node:worker_threads'
import type { ImageHeader } from '@darkroom/image-header'
import { unpackHeic } from '../../../src/develop/heic/unpack-heic.ts'

/* A thread that decodes the HEIC in its worker data. */

const { heic, header } = workerData as { heic: Uint8Array; header: ImageHeader }
parentPort?.postMessage('begun')
unpackHeic(heic, header)
parentPort?.postMessage('ended')
