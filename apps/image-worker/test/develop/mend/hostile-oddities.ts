import sharp from 'sharp'
import type { Random } from '../../seeded-random.ts'
import type { HostileInput } from '../hostile/hostile-input.ts'
import { cleanJpegs } from './clean-jpegs.ts'
import { canHave, markersOf, oddities, restartsOf } from './oddities.ts'

const flipsOfEach = 3

/** Complete JPEGs with harmless oddities, and the same files truncated, or with flipped bits in their codes. */
export async function hostileOddities(random: Random): Promise<HostileInput[]> {
  const inputs: HostileInput[] = []
  for (const [kind, clean] of await cleanJpegs()) {
    for (const [oddity, make] of Object.entries(oddities)) {
      const odd = make(clean)
      if (odd.equals(clean) || !canHave(kind, oddity)) continue
      const name = `${kind} with ${oddity}`
      // After the last codes, only the marker can be missing.
      const cut = odd.subarray(0, 3 + random(odd.length - 23))
      inputs.push({ name, bytes: odd, expected: 'developed' })
      inputs.push({ name: `${name}, cut at ${cut.length}`, bytes: cut, expected: 'refused' })
      inputs.push(...(await flips(name, clean, odd, random)))
    }
  }
  return inputs
}

/**
 * Files with flipped bits in the codes of the last scan. If the codes equal those of the clean file, both have the same
 * damage, so both are refused or neither. The rest of damaged codes before a restart marker may be mistaken for stray
 * bytes.
 */
async function flips(name: string, clean: Buffer, odd: Buffer, random: Random): Promise<HostileInput[]> {
  const codes = clean.subarray(codesOf(clean))
  const [cleanFrom, oddFrom] = [clean.length - codes.length, odd.length - codes.length]
  const areSame = codes.equals(odd.subarray(oddFrom)) && restartsOf(clean).length === 0
  const inputs: HostileInput[] = []
  for (let index = 0; index < flipsOfEach; index++) {
    const [at, bit] = [random(odd.length - oddFrom - 2), 1 << random(8)]
    const input = { name: `${name}, with flipped bits ${index}`, bytes: flipped(odd, oddFrom + at, bit) }
    const isRefused = areSame && !(await isWhole(flipped(clean, cleanFrom + at, bit)))
    inputs.push(isRefused ? { ...input, expected: 'refused' } : input)
  }
  return inputs
}

/** The offset of the codes of the last scan. */
function codesOf(jpeg: Buffer): number {
  const last = markersOf(jpeg).findLast(({ marker }) => marker === 0xda)?.at ?? 0
  return last + 2 + jpeg.readUInt16BE(last + 2)
}

function flipped(jpeg: Buffer, at: number, bit: number): Buffer {
  const changed = Buffer.from(jpeg)
  changed[at] = (changed[at] ?? 0) ^ bit
  return changed
}

async function isWhole(jpeg: Buffer): Promise<boolean> {
  const decoded = sharp(jpeg, { failOn: 'warning' }).raw().toBuffer()
  return decoded.then(
    () => true,
    () => false,
  )
}
