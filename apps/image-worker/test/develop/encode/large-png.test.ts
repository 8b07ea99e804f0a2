// Slow: it encodes every kind of large image.
import { test } from 'node:test'
import { assertExact } from './written-png.ts'

test('a large image has exactly its samples, whichever encoder suits it', async () => {
  for (const bits of [8, 16] as const)
    for (const channels of [1, 3, 4] as const)
      for (const content of ['noise', 'flat', 'steps'] as const)
        await assertExact({ width: 701, height: 503, channels, bits, content })
})

test('rows may be longer than the blocks they are compressed in, and there may be many', async () => {
  const shape = { channels: 3, bits: 8 } as const
  for (const content of ['noise', 'steps'] as const) {
    await assertExact({ ...shape, width: 60_000, height: 3, content })
    await assertExact({ ...shape, width: 2, height: 60_000, content })
  }
})
