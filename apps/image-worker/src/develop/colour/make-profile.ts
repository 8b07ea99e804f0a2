import type { ColourSpace } from './colour-space.ts'
import type { Curve } from './curve.ts'
import { adaptation, multiply, tristimulus, xyzOf } from './matrix.ts'
import type { Vector } from './srgb.ts'

/** ICC.1:2022, 7.2.16: the white of the profile connection space. */
const d50: Vector = [0.9642, 1, 0.8249]

/** An ICC profile of version 4.3 for a colour space: a matrix and one curve (ICC.1:2022, 8.3.3). */
export function makeProfile({ primaries, curve }: ColourSpace): Uint8Array {
  const adapted = adaptation(tristimulus(primaries.white), d50)
  const [x, y, z] = multiply(adapted, xyzOf(primaries))
  const column = (index: 0 | 1 | 2) => xyzTag([x[index], y[index], z[index]])
  const toneCurve = curveTag(curve)
  return assemble([
    ['desc', textTag('Colours of the original')],
    ['cprt', textTag('No copyright, use freely')],
    ['wtpt', xyzTag(d50)],
    ['chad', fixedTag('sf32', adapted.flat())],
    ['rXYZ', column(0)],
    ['gXYZ', column(1)],
    ['bXYZ', column(2)],
    ['rTRC', toneCurve],
    ['gTRC', toneCurve],
    ['bTRC', toneCurve],
  ])
}

/** A buffer that several tags share is stored once. */
function assemble(tags: readonly (readonly [name: string, data: Buffer])[]): Buffer {
  const header = Buffer.alloc(128)
  header.writeUInt32BE(0x0430_0000, 8)
  header.write('mntrRGB XYZ ', 12, 'latin1')
  // A fixed date, so that the same image always gives the same bytes.
  for (const [index, part] of [2026, 1, 1, 0, 0, 0].entries()) header.writeUInt16BE(part, 24 + 2 * index)
  header.write('acsp', 36, 'latin1')
  fixed(d50).copy(header, 68)
  const table = Buffer.alloc(4 + 12 * tags.length)
  table.writeUInt32BE(tags.length)
  const places = new Map<Buffer, number>()
  let end = header.length + table.length
  for (const [index, [name, data]] of tags.entries()) {
    const at = places.get(data) ?? end
    if (at === end) end += data.length
    places.set(data, at)
    table.write(name, 4 + 12 * index, 'latin1')
    table.writeUInt32BE(at, 8 + 12 * index)
    table.writeUInt32BE(data.length, 12 + 12 * index)
  }
  header.writeUInt32BE(end)
  return Buffer.concat([header, table, ...places.keys()])
}

/** 10.15: a text in English. */
function textTag(text: string): Buffer {
  const utf16 = Buffer.from(text, 'utf16le').swap16()
  const head = Buffer.alloc(28)
  head.write('mluc', 'latin1')
  head.writeUInt32BE(1, 8)
  head.writeUInt32BE(12, 12)
  head.write('enUS', 16, 'latin1')
  head.writeUInt32BE(utf16.length, 20)
  head.writeUInt32BE(28, 24)
  return padded(Buffer.concat([head, utf16]))
}

function xyzTag(xyz: Vector): Buffer {
  return fixedTag('XYZ ', xyz)
}

/** 10.18: a power alone, or sRGB's power with its straight part. */
function curveTag(curve: Curve): Buffer {
  if (curve.kind === 'gamma') return parametric(0, [curve.gamma])
  return parametric(3, [2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.040_45])
}

function parametric(kind: number, parameters: readonly number[]): Buffer {
  const head = Buffer.alloc(12)
  head.write('para', 'latin1')
  head.writeUInt16BE(kind, 8)
  return Buffer.concat([head, fixed(parameters)])
}

function fixedTag(type: string, numbers: readonly number[]): Buffer {
  return Buffer.concat([Buffer.from(`${type}\0\0\0\0`, 'latin1'), fixed(numbers)])
}

/** 4.6: s15Fixed16Number. */
function fixed(numbers: readonly number[]): Buffer {
  const written = Buffer.alloc(4 * numbers.length)
  for (const [index, number] of numbers.entries())
    written.writeInt32BE(Math.round(number * 65_536), 4 * index)
  return written
}

/** Tags begin at a multiple of four. */
function padded(tag: Buffer): Buffer {
  return Buffer.concat([tag, Buffer.alloc((4 - (tag.length % 4)) % 4)])
}
