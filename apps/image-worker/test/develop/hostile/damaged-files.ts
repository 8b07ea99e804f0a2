import type { Random } from '../../seeded-random.ts'
import { boundariesOf } from '../structures.ts'
import type { HostileInput } from './hostile-input.ts'

/** Cut off at each boundary of the structure, just before and after it, and at random places. */
export function truncations(name: string, file: Buffer, random: Random): HostileInput[] {
  const boundaries = boundariesOf(file).flatMap(at => [at - 1, at, at + 1])
  const anywhere = Array.from({ length: 12 }, () => random(file.length))
  const cuts = new Set([...boundaries, ...anywhere].filter(at => at > 0 && at < file.length))
  return [...cuts].map(at => ({ name: `${name} cut at ${at}`, bytes: file.subarray(0, at) }))
}

/** One to four flipped bits, more often in the structure than in the pixels. */
export function flips(name: string, file: Buffer, random: Random): HostileInput[] {
  const boundaries = boundariesOf(file)
  return Array.from({ length: 40 }, (_, index) => {
    const bytes = Buffer.from(file)
    for (let count = 1 + random(4); count > 0; count--) {
      const near = (boundaries[random(boundaries.length)] ?? 0) + random(16)
      const at = random(2) && near < bytes.length ? near : random(bytes.length)
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8))
    }
    return { name: `${name} with flipped bits ${index}`, bytes }
  })
}

/** Parts left out, doubled, swapped or overwritten. */
export function spliced(name: string, file: Buffer, random: Random): HostileInput[] {
  const boundaries = [0, ...boundariesOf(file), file.length]
  const place = () => boundaries[random(boundaries.length)] ?? 0
  return Array.from({ length: 25 }, (_, index) => {
    const [from, to] = [place(), place()].sort((one, other) => one - other) as [number, number]
    const [head, part, tail] = [file.subarray(0, from), file.subarray(from, to), file.subarray(to)]
    const kinds = [
      () => [head, tail],
      () => [head, part, part, tail],
      () => [head, tail, part],
      () => [head, Buffer.alloc(Math.min(part.length, 99), [0, 255, 128][random(3)]), part, tail],
      () => [head, Buffer.alloc(part.length, [0, 255][random(2)]), tail],
    ]
    return { name: `${name} spliced ${index}`, bytes: Buffer.concat(kinds[index % kinds.length]?.() ?? []) }
  })
}

export function randomBehindMagics(valid: Map<string, Buffer>, random: Random): HostileInput[] {
  return [...valid].flatMap(([name, file]) =>
    [4, 12, 16, 40].flatMap(kept =>
      Array.from({ length: 3 }, (_, index) => {
        const noise = Buffer.from(Uint8Array.from({ length: random(4000) }, () => random(256)))
        return {
          name: `random bytes after ${kept} of ${name}, ${index}`,
          bytes: Buffer.concat([file.subarray(0, kept), noise]),
        }
      }),
    ),
  )
}
