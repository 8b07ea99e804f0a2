import { type Inspected, inspectResult } from '../inspect.ts'
import { run } from '../run.ts'
import { sample } from './heif-assembler.ts'

/** The samples of a lossless result. */
export async function decoded(heic: Uint8Array): Promise<Inspected> {
  return inspectResult(await run(heic, 'format:png'))
}

export const tile = await decoded(sample('tile.heic'))
