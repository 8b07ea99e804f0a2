import { planOf } from '../../src/develop/plan.ts'
import { undecodedPngOrGif } from '../../src/develop/ways/undecoded-png-or-gif.ts'
import type { ChannelOrder } from '../../src/permute/channel-order.ts'
import { assertSame, type Inspected, inspect, inspectResult, merged, permuted } from './inspect.ts'
import { limits, run } from './run.ts'

/** Develops a file, and checks every sample. */
export async function assertPermuted(file: Uint8Array, order: ChannelOrder): Promise<Inspected> {
  const after = await inspectResult(await run(file, `swap-channels:${order}`))
  const expected = permuted(await inspect(file), order)
  if (expected.frames > 1 && expected.delays.length > 0) assertSame(merged(after), merged(expected))
  else assertSame(after, expected)
  return after
}

/** Undefined if the file must be decoded. */
export async function permutedUndecoded(file: Uint8Array, format: 'png' | 'gif', order: ChannelOrder) {
  const header = { format, frames: 1, orientation: 1 } as never
  const plan = planOf([{ name: 'swap-channels', order }], format)
  return undecodedPngOrGif.develop({ input: file, header, plan, limits })
}
