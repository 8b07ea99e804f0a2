import { parseOperations } from '@darkroom/contracts'
import { bytesSource, readImageHeader } from '@darkroom/image-header'
import { planOf } from '../../src/develop/plan.ts'
import type { Job } from '../../src/develop/ways/way.ts'
import { limits } from './run.ts'

/** What the ways of developing are given. */
export async function jobOf(input: Uint8Array, operations: string): Promise<Job> {
  const header = await readImageHeader(bytesSource(input))
  return { input, header, plan: planOf(parseOperations(operations), header.format), limits }
}
