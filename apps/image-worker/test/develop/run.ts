import { parseOperations } from '@darkroom/contracts'
import { develop } from '../../src/develop/develop.ts'
import type { Developed } from '../../src/develop/developed.ts'
import type { DevelopLimits } from '../../src/develop/limits.ts'

/** What a worker has unless it is told otherwise. */
export const limits: DevelopLimits = {
  maxPixels: 50_000_000,
  maxUnpackedBytes: 512 * 1024 * 1024,
  processingMs: 60_000,
}

/** Develops with operations as people write them. */
export function run(
  file: Uint8Array,
  operations: string,
  changed: Partial<DevelopLimits> = {},
): Promise<Developed> {
  return develop(file, parseOperations(operations), { ...limits, ...changed })
}

/** The bytes alone, for the next task. */
export async function bytesOf(file: Uint8Array, operations: string): Promise<Uint8Array> {
  const { bytes } = await run(file, operations)
  return bytes
}
