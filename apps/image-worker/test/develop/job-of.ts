import assert from 'node:assert/strict'
import { parseOperations } from '@darkroom/contracts'
import { bytesSource, readImageHeader } from '@darkroom/image-header'
import { planOf } from '../../src/develop/plan.ts'
import type { Job, Way } from '../../src/develop/ways/way.ts'
import { limits } from './run.ts'

/** The argument of the ways of developing. */
export async function jobOf(input: Uint8Array, operations: string): Promise<Job> {
  const header = await readImageHeader(bytesSource(input))
  return { input, header, plan: planOf(parseOperations(operations), header.format), limits }
}

export async function developedBy(way: Way, job: Job): Promise<Uint8Array> {
  return (await way.develop(job)) ?? assert.fail('the way gives no result')
}
