import { parseOperations } from '@darkroom/contracts'
import { develop } from '../../src/develop/develop.ts'
import type { Developed } from '../../src/develop/developed.ts'
import type { DevelopLimits } from '../../src/develop/limits.ts'

/** A worker's default settings. */
export const limits: DevelopLimits = {
  maxPixels: 50_000_000,
  maxUnpackedBytes: 512 * 1024 * 1024,
  processingMs: 60_000,
}

/** Develops with operations in their text form. */
export function run(
  file: Uint8Array,
  operations: string,
  changed: Partial<DevelopLimits> = {},
): Promise<Developed> {
  return develop(file, parseOperations(operations), { ...limits, ...changed })
}

/** Only the bytes, as input of the next task. */
export async function bytesOf(file: Uint8Array, operations: string): Promise<Uint8Array> {
  const { bytes } = await run(file, operations)
  return bytes
}
