import sharp from 'sharp'
import type { Random } from '../../seeded-random.ts'
import type { HostileInput } from '../hostile/hostile-inputs.ts'
import { cleanJpegs } from './clean-jpegs.ts'
import { canHave, markersOf, oddities, restartsOf } from './oddities.ts'

const flipsOfEach = 3

/** Complete JPEGs with oddities that damage nothing, and the same files cut off, or with bits of their codes turned. */
export async function hostileOddities(random: Random): Promise<HostileInput[]> {
  const inputs: HostileInput[] = []
  for (const [kind, clean] of await cleanJpegs()) {
    for (const [oddity, make] of Object.entries(oddities)) {
      const odd = make(clean)
      if (odd.equals(clean) || !canHave(kind, oddity)) continue
      const name = `${kind} with ${oddity}`
      // Behind the last codes, all that can be missing is the marker.
      const cut = odd.subarray(0, 3 + random(odd.length - 23))
      inputs.push({ name, bytes: odd, expected: 'developed' })
      inputs.push({ name: `${name}, cut at ${cut.length}`, bytes: cut, expected: 'refused' })
      inputs.push(...(await flips(name, clean, odd, random)))
    }
  }
  return inputs
}

/**
 * With bits turned in the codes of the last scan. Where these are the same as in the clean file, they are damaged alike in
 * both: where the clean file is refused, the other is, too. In front of a restart marker, what is left of damaged codes may be
 * taken for stray bytes.
 */
async function flips(name: string, clean: Buffer, odd: Buffer, random: Random): Promise<HostileInput[]> {
  const codes = clean.subarray(codesOf(clean))
  const [cleanFrom, oddFrom] = [clean.length - codes.length, odd.length - codes.length]
  const areSame = codes.equals(odd.subarray(oddFrom)) && restartsOf(clean).length === 0
  const inputs: HostileInput[] = []
  for (let index = 0; index < flipsOfEach; index++) {
    const [at, bit] = [random(odd.length - oddFrom - 2), 1 << random(8)]
    const input = { name: `${name}, with bits turned ${index}`, bytes: flipped(odd, oddFrom + at, bit) }
    const isRefused = areSame && !(await isWhole(flipped(clean, cleanFrom + at, bit)))
    inputs.push(isRefused ? { ...input, expected: 'refused' } : input)
  }
  return inputs
}

/** Where the codes of the last scan begin. */
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
