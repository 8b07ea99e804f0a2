import { markers } from '../../permute/jpeg/jpeg-markers.ts'
import { segmentsOf } from './segments.ts'

/** The tables that a JPEG was quantised with: libjpeg's (0) or mozjpeg's (3), and their scale. */
export interface JpegQuantisation {
  table: 0 | 3
  /** 1 to 100 */
  quality: number
}

/** The luminance tables for quality 50, in zigzag order. */
const tables = {
  /** ITU-T T.81, table K.1 */
  0: [
    16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40, 26, 24, 22, 22, 24, 49, 35, 37, 29, 40,
    58, 51, 61, 60, 57, 51, 56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81, 87, 95, 98, 103, 104,
    103, 62, 77, 113, 121, 112, 100, 120, 92, 101, 103, 99,
  ],
  /** Nicolas Robidoux's, mozjpeg's default: jcparam.c */
  3: [
    16, 16, 16, 16, 17, 16, 18, 20, 20, 18, 25, 27, 24, 27, 25, 37, 34, 31, 31, 34, 37, 56, 40, 43, 40, 43,
    40, 56, 85, 53, 62, 53, 53, 62, 53, 85, 75, 91, 74, 69, 74, 91, 75, 135, 106, 94, 94, 106, 135, 156, 131,
    124, 131, 156, 189, 169, 169, 189, 238, 226, 238, 311, 311, 418,
  ],
} as const

/**
 * The scaled table that is nearest to the file's luminance table; undefined if there is no table before the image
 * data.
 */
export function jpegQuantisation(jpeg: Uint8Array): JpegQuantisation | undefined {
  const own = luminanceTable(jpeg)
  if (!own) return undefined
  let best: JpegQuantisation = { table: 0, quality: 1 }
  let least = Number.POSITIVE_INFINITY
  for (const { table, quality, steps } of scaledTables()) {
    let distance = 0
    for (let at = 0; at < 64 && distance <= least; at++)
      distance += Math.abs((steps[at] ?? 0) - (own[at] ?? 0))
    if (distance <= least) [best, least] = [{ table, quality }, distance]
  }
  return best
}

let allScaled: readonly (JpegQuantisation & { steps: Uint8Array })[] | undefined

/** Computed once, because each JPEG is compared with all of them. */
function scaledTables(): NonNullable<typeof allScaled> {
  allScaled ??= ([3, 0] as const).flatMap(table =>
    Array.from({ length: 100 }, (_, index) => ({
      table,
      quality: index + 1,
      steps: scaled(tables[table], index + 1),
    })),
  )
  return allScaled
}

/** jcparam.c: jpeg_quality_scaling and jpeg_add_quant_table. */
function scaled(table: readonly number[], quality: number): Uint8Array {
  const scale = quality < 50 ? 5000 / quality : 200 - 2 * quality
  return Uint8Array.from(table, step => Math.min(Math.max(Math.floor((step * scale + 50) / 100), 1), 255))
}

/** Table 0 of the first DQT segments (ITU-T T.81, B.2.4.1). */
function luminanceTable(jpeg: Uint8Array): number[] | undefined {
  for (const { marker, data } of segmentsOf(jpeg)) {
    const table = marker === markers.quantisationTables ? tableZero(data) : undefined
    if (table) return table
  }
  return undefined
}

function tableZero(segment: Uint8Array): number[] | undefined {
  for (let at = 0; at < segment.length; ) {
    const kind = segment[at] ?? 0
    const bytesPerStep = kind >> 4 === 0 ? 1 : 2
    const steps = segment.subarray(at + 1, at + 1 + 64 * bytesPerStep)
    if (steps.length < 64 * bytesPerStep) return undefined
    if ((kind & 15) === 0) {
      return Array.from({ length: 64 }, (_, index) =>
        bytesPerStep === 1
          ? (steps[index] ?? 0)
          : (steps[2 * index] ?? 0) * 256 + (steps[2 * index + 1] ?? 0),
      )
    }
    at += 1 + steps.length
  }
  return undefined
}
