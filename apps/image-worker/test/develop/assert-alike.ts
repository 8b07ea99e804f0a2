import { assertSame, inspectResult } from './inspect.ts'
import { run } from './run.ts'

/** Develops two files with each list of operations, and checks that the results have the same content. */
export async function assertAlike(
  actual: Uint8Array,
  expected: Uint8Array,
  lists: readonly string[],
): Promise<void> {
  for (const operations of lists)
    assertSame(
      await inspectResult(await run(actual, operations)),
      await inspectResult(await run(expected, operations)),
      operations,
    )
}
