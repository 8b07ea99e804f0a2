import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import process from 'node:process'
import sharp from 'sharp'
import { UnusableImage } from '../../src/develop/unusable-image.ts'
import { run } from './run.ts'

// Limits the address space of this process, and prints how the development of a JPEG fails.
const jpeg = await sharp({ create: { width: 640, height: 480, channels: 3, background: '#864' } })
  .jpeg()
  .toBuffer()
const kiB = Number(/VmSize:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1])
execFileSync('prlimit', ['--pid', String(process.pid), `--as=${kiB * 1024 + 2 ** 30}`])
const error = await run(jpeg, 'swap-channels:bgr').catch(error => error)
process.stdout.write(`${error instanceof UnusableImage ? 'unusable' : 'error'}: ${error.message}\n`)
