import { isIntact, pngChunks } from '../png/png-chunks.ts'
import type { ColourChunk, ColourSignal, LightLevels } from './colour-signal.ts'
import { type ColourSpace, spaceOfNumbers } from './colour-space.ts'
import { isPossible, type Point, srgbPrimaries } from './matrix.ts'

/**
 * The colours that the chunks before a PNG's image data declare, unless its ICC profile does. In order of
 * precedence: cICP, iCCP, sRGB, gAMA with cHRM (PNG third edition, 4.3 and 11.3.2).
 */
export function pngColour(png: Uint8Array, hasProfile: boolean): ColourSignal | undefined {
  const chunks = readChunks(png)
  const cicp = chunks.get('cICP')
  if (cicp?.length === 4 && !isUnspecified(cicp)) {
    const [primaries = 2, transfer = 2, , range = 1] = cicp
    const numbers = { primaries, transfer }
    const light = lightOf(chunks)
    return {
      space: { ...spaceOfNumbers(numbers), isNarrowRange: range === 0 },
      ...(range !== 0 && { numbers }),
      chunks: picked(chunks, ['cICP', 'mDCV', 'cLLI']),
      ...(light && { light }),
    }
  }
  if (hasProfile) return undefined
  if (isSrgb(chunks.get('sRGB'))) {
    return { space: spaceOfNumbers({ primaries: 1, transfer: 13 }), chunks: picked(chunks, ['sRGB']) }
  }
  const space = measuredSpace(chunks)
  return space && { space, chunks: picked(chunks, ['gAMA', 'cHRM']) }
}

/**
 * The chunks that declare the same colours in a PNG: the original's chunks, or numbers without a matrix and in full
 * range.
 */
export function colourChunks({ chunks, numbers }: ColourSignal): ColourChunk[] {
  if (chunks) return chunks
  return numbers ? [{ type: 'cICP', data: Uint8Array.of(numbers.primaries, numbers.transfer, 0, 1) }] : []
}

const types = ['cICP', 'mDCV', 'cLLI', 'sRGB', 'gAMA', 'cHRM']

/** The first chunk of each of these types. Like decoders, leaves out chunks with a wrong CRC. */
function readChunks(png: Uint8Array): Map<string, Buffer> {
  const chunks = new Map<string, Buffer>()
  for (const chunk of pngChunks(png)) {
    const { type, data } = chunk
    if (type === 'IDAT') break
    if (types.includes(type) && !chunks.has(type) && isIntact(png, chunk)) chunks.set(type, data)
  }
  return chunks
}

function picked(chunks: Map<string, Buffer>, wanted: readonly string[]): ColourChunk[] {
  return wanted.flatMap(type => {
    const data = chunks.get(type)
    return data ? [{ type, data }] : []
  })
}

/** Like libpng, ignores a gAMA outside this range: it would make everything black or white. */
const [leastExponent, greatestExponent] = [16, 625_000_000]

/** gAMA holds 100 000 times the exponent from samples to light; cHRM holds each x and y times 100 000. */
function measuredSpace(chunks: Map<string, Buffer>): ColourSpace | undefined {
  const gamma = chunks.get('gAMA')
  const exponent = gamma?.length === 4 ? gamma.readUInt32BE() : 0
  if (exponent < leastExponent || exponent > greatestExponent) return undefined
  const measured = chunks.get('cHRM')
  const primaries = measured?.length === 32 ? readPrimaries(measured) : undefined
  return {
    primaries: primaries ?? srgbPrimaries,
    curve: { kind: 'gamma', gamma: 100_000 / exponent },
    isNarrowRange: false,
  }
}

/** White comes first. Undefined when the primaries can't mix colours. */
function readPrimaries(data: Buffer): ColourSpace['primaries'] | undefined {
  const point = (index: number): Point => [
    data.readUInt32BE(8 * index) / 100_000,
    data.readUInt32BE(8 * index + 4) / 100_000,
  ]
  const primaries = { white: point(0), red: point(1), green: point(2), blue: point(3) }
  return isPossible(primaries) ? primaries : undefined
}

/** Whether the chunk names one of ICC's four rendering intents (11.3.2.5). Decoders ignore any other chunk. */
function isSrgb(chunk: Buffer | undefined): boolean {
  return chunk?.length === 1 && (chunk[0] ?? 0) < 4
}

/** Whether cICP leaves the colours to the other chunks: 2 stands for unspecified (ITU-T H.273). */
function isUnspecified([primaries, transfer]: Uint8Array): boolean {
  return primaries === 2 && transfer === 2
}

/** Both chunks count in units of 0.0001 cd/m2. */
function lightOf(chunks: Map<string, Buffer>): LightLevels | undefined {
  const [levels, mastering] = [chunks.get('cLLI'), chunks.get('mDCV')]
  const brightest = levels?.length === 8 ? levels.readUInt32BE() / 10_000 : 0
  const mastered = mastering?.length === 24 ? mastering.readUInt32BE(16) / 10_000 : 0
  return brightest > 0 || mastered > 0 ? { peak: brightest || mastered } : undefined
}
