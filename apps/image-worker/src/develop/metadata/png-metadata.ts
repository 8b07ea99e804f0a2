import { inflateSync } from 'node:zlib'
import { isZlibError } from '../../permute/png/zlib-errors.ts'
import { isIntact, pngChunks } from '../png/png-chunks.ts'
import { xmpName } from './attach-to-jpeg.ts'
import { photoshop } from './iptc.ts'
import { type Resolution, resolutionOf } from './resolution.ts'

/** The metadata of a PNG, unchanged. */
interface PngMetadata {
  readonly exif?: Uint8Array
  readonly xmp?: Uint8Array
  /** Photoshop's image resources, or IIM datasets. */
  readonly iptc?: Uint8Array
  readonly resolution?: Resolution
}

const xmpKeyword = 'XML:com.adobe.xmp'
/** ImageMagick stores the metadata of other formats as hexadecimal text, under this prefix and the name of the kind. */
const rawProfile = 'Raw profile type '
const carriers: readonly string[] = ['eXIf', 'pHYs', 'iTXt', 'tEXt', 'zTXt']
/** Limits the inflated size of a forged text. */
const maxTextBytes = 16 * 1024 * 1024

/** Reads the first chunk of each kind (PNG third edition, 11.3: pHYs, eXIf, iTXt; and ImageMagick's texts). */
export function readPngMetadata(png: Uint8Array): PngMetadata {
  const found: { exif?: Uint8Array; xmp?: Uint8Array; iptc?: Uint8Array; resolution?: Resolution } = {}
  for (const chunk of pngChunks(png)) {
    const { type, data } = chunk
    if (!carriers.includes(type) || !isIntact(png, chunk)) continue
    if (type === 'eXIf') found.exif ??= data
    else if (type === 'pHYs') {
      const resolution = data.length === 9 ? readResolution(data) : undefined
      if (resolution) found.resolution ??= resolution
    } else {
      const { keyword, text } = readText(type, data)
      if (keyword === xmpKeyword && type === 'iTXt') {
        const xmp = text()
        if (xmp) found.xmp ??= xmp
      } else if (keyword.startsWith(rawProfile)) Object.assign(found, { ...readRaw(keyword, text), ...found })
    }
  }
  return found
}

/** pHYs (11.3.4.3): pixels per unit across and down, and whether the unit is the metre. */
function readResolution(data: Buffer): Resolution | undefined {
  return resolutionOf(data.readUInt32BE(0), data.readUInt32BE(4), data[8] === 1 ? 'metre' : 'none')
}

function readRaw(keyword: string, text: () => Buffer | undefined): PngMetadata {
  const kind = keyword.slice(rawProfile.length).toLowerCase()
  if (!['exif', 'app1', 'xmp', 'iptc', '8bim'].includes(kind)) return {}
  // An empty line, a line with the name of the kind, a line with the length, then the bytes.
  const [, , , ...lines] = text()?.toString('latin1').split('\n') ?? []
  const bytes = Buffer.from(lines.join(''), 'hex')
  if (bytes.length === 0) return {}
  if (kind === 'iptc' || kind === '8bim') return { iptc: photoshopOf(bytes) }
  if (xmpName.equals(bytes.subarray(0, xmpName.length))) return { xmp: bytes.subarray(xmpName.length) }
  return kind === 'xmp' ? { xmp: bytes } : { exif: bytes }
}

/** Image resources as a JPEG stores them, with Photoshop's name. */
function photoshopOf(bytes: Buffer): Uint8Array {
  const isResource = bytes.toString('latin1', 0, 4) === '8BIM'
  return isResource ? Buffer.concat([Buffer.from(photoshop, 'latin1'), bytes]) : bytes
}

/** Text chunks (11.3.3): a keyword, for iTXt two more texts, and the text, compressed or not. */
function readText(type: string, data: Buffer): { keyword: string; text: () => Buffer | undefined } {
  const keywordEnd = data.indexOf(0)
  if (keywordEnd === -1) return { keyword: '', text: () => undefined }
  const keyword = data.toString('latin1', 0, keywordEnd)
  const after = keywordEnd + 1
  if (type === 'tEXt') return { keyword, text: () => data.subarray(after) }
  if (type === 'zTXt') return { keyword, text: () => inflated(data.subarray(after + 1)) }
  const languageEnd = data.indexOf(0, after + 2)
  const translationEnd = languageEnd === -1 ? -1 : data.indexOf(0, languageEnd + 1)
  if (translationEnd === -1) return { keyword, text: () => undefined }
  const content = data.subarray(translationEnd + 1)
  return { keyword, text: () => (data[after] === 1 ? inflated(content) : content) }
}

/** Undefined if the data isn't compressed correctly, or is too large. */
function inflated(compressed: Uint8Array): Buffer | undefined {
  try {
    return inflateSync(compressed, { maxOutputLength: maxTextBytes })
  } catch (error) {
    if (isZlibError(error) || error instanceof RangeError) return undefined
    throw error
  }
}
