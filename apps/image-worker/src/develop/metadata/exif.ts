import type { OutputFormat } from '@darkroom/contracts'
import type { Size } from '../../permute/rectangle.ts'
import { fractionOf } from '../fraction.ts'
import {
  numberOf,
  numbersOf,
  type TiffDirectory,
  type TiffEntry,
  TiffReader,
} from '../tiff/tiff-directory.ts'
import { encodeTiff, fractionEntry, longsEntry, shortsEntry, type TiffWriter } from '../tiff/tiff-writer.ts'
import {
  isDescriptive,
  isOfGps,
  isOfInteroperability,
  storageTags,
  tags,
  tagsOfJpeg,
  tagsOfSensor,
} from './exif-tags.ts'
import { inUnit, type Resolution, resolutionOf } from './resolution.ts'

/**
 * The directories of EXIF (Exif 2.32, 4.6), without the pointers between them and without the thumbnail's directory.
 */
export interface Exif {
  readonly main: readonly TiffEntry[]
  readonly exif?: readonly TiffEntry[]
  readonly gps?: readonly TiffEntry[]
  readonly interoperability?: readonly TiffEntry[]
}

/**
 * The part of EXIF that describes the picture; undefined if it is empty or can't be read. `exif` is a TIFF structure,
 * with or without the prefix that JPEG puts before it.
 */
export function readExif(exif: Uint8Array): Exif | undefined {
  return readDirectories(withoutThumbnail(withoutPrefix(exif)))
}

/**
 * The EXIF of a TIFF. It is in the file's own directories: in the directory of the picture, or else in the first. The
 * tags about how the file stores its pixels are left out.
 */
export function readExifOfTiff(
  tiff: Uint8Array,
  picture: Pick<TiffDirectory, 'at'> | undefined,
): Exif | undefined {
  const described = (at?: number) => {
    const exif = readDirectories(tiff, at)
    const kept = exif && withoutStorage(exif)
    return kept && !isEmpty(kept) ? kept : undefined
  }
  return (picture && described(picture.at)) ?? described()
}

/** The bytes without the thumbnail: a forged value could point to it. */
function withoutThumbnail(exif: Uint8Array): Uint8Array {
  const reader = TiffReader.of(exif)
  const second = reader?.directory(reader.directory(reader.firstAt)?.next ?? 0)?.entries
  const find = (wanted: number) => numbersOf(second?.find(({ tag }) => tag === wanted))[0] ?? 0
  const at = find(tags.thumbnail)
  return at === 0 ? exif : Uint8Array.from(exif).fill(0, at, at + find(tags.thumbnailBytes))
}

function readDirectories(bytes: Uint8Array, mainAt?: number): Exif | undefined {
  const reader = TiffReader.of(bytes)
  const main = reader?.directory(mainAt ?? reader.firstAt)?.entries
  if (!reader || !main) return undefined
  const below = (entries: readonly TiffEntry[] | undefined, pointer: number) => {
    const [at] = numbersOf(entries?.find(({ tag }) => tag === pointer)) // a fraction is not a position
    return at === undefined ? undefined : reader.directory(at)?.entries
  }
  const [exif, gps] = [below(main, tags.exif), below(main, tags.gps)]
  const interoperability = below(exif, tags.interoperability)
  const picked = {
    main: main.filter(({ tag }) => isDescriptive(tag) || storageTags.has(tag)),
    ...filled('exif', exif, isDescriptive),
    ...filled('gps', gps, isOfGps),
    ...filled('interoperability', interoperability, isOfInteroperability),
  }
  return isEmpty(picked) ? undefined : picked
}

function filled<Name extends keyof Exif>(
  name: Name,
  entries: readonly TiffEntry[] | undefined,
  isKept: (tag: number) => boolean,
): Pick<Exif, Name> | object {
  const kept = entries?.filter(({ tag }) => isKept(tag)) ?? []
  return kept.length > 0 ? { [name]: kept } : {}
}

function isEmpty({ main, exif, gps }: Exif): boolean {
  return main.length === 0 && !exif && !gps
}

export function withoutStorage(exif: Exif): Exif {
  return { ...exif, main: exif.main.filter(({ tag }) => !storageTags.has(tag)) }
}

/** EXIF of the same image after its pixels were moved: removes tags about positions in the picture. */
export function withoutPlaces({ exif, ...others }: Exif): Exif {
  const places: readonly number[] = [tags.subjectArea, tags.subjectLocation]
  return exif ? { ...others, exif: exif.filter(({ tag }) => !places.includes(tag)) } : others
}

/** EXIF of the same image after its rows became columns. */
export function exifWithAxesSwapped({ main, ...others }: Exif): Exif {
  const other = new Map<number, number>([
    [tags.xResolution, tags.yResolution],
    [tags.yResolution, tags.xResolution],
  ])
  return { ...others, main: main.map(entry => ({ ...entry, tag: other.get(entry.tag) ?? entry.tag })) }
}

/**
 * EXIF that describes an upright image of this size, in the tags that it has. The resolution of the camera's sensor
 * counts the pixels of the original, so it is left out if the size has changed. A JPEG that we write has centred chroma
 * samples, as JFIF requires.
 */
export function exifDescribing(
  { main, exif, ...others }: Exif,
  { width, height }: Size,
  format: OutputFormat,
): Exif {
  const numbers = new Map<number, number>([
    [tags.width, width],
    [tags.height, height],
    [tags.orientation, 1],
    [tags.pixelWidth, width],
    [tags.pixelHeight, height],
    [tags.chromaPosition, 1],
  ])
  const find = (tag: number) => numberOf(exif?.find(entry => entry.tag === tag))
  const hasSizeOfOriginal = find(tags.pixelWidth) === width && find(tags.pixelHeight) === height
  const isTrue = ({ tag }: TiffEntry) =>
    (format === 'jpeg' || !tagsOfJpeg.has(tag)) && (hasSizeOfOriginal || !tagsOfSensor.has(tag))
  const set = (entry: TiffEntry) => {
    const value = numbers.get(entry.tag)
    if (value === undefined) return entry
    return shortTags.has(entry.tag) ? shortsEntry(entry.tag, value) : longsEntry(entry.tag, value)
  }
  return {
    ...others,
    main: main.filter(isTrue).map(set),
    ...(exif && { exif: exif.filter(isTrue).map(set) }),
  }
}

const shortTags: ReadonlySet<number> = new Set([tags.orientation, tags.chromaPosition])

/** Exif 2.32, 4.6.4 A: 2 means inches and is the default, also instead of an invalid value. */
const units = { 1: 'none', 2: 'inch', 3: 'centimetre' } as const

export function resolutionOfExif({ main }: Pick<Exif, 'main'>): Resolution | undefined {
  const find = (tag: number) => numberOf(main.find(entry => entry.tag === tag))
  const x = find(tags.xResolution) ?? 0
  const unit = units[find(tags.resolutionUnit) as keyof typeof units] ?? 'inch'
  return resolutionOf(x, find(tags.yResolution) ?? x, unit)
}

/** EXIF with a resolution: its own, or else this. */
export function withResolution(exif: Exif | undefined, resolution: Resolution): Exif {
  const { main, ...others } = exif ?? { main: [] }
  if (resolutionOfExif({ main })) return { ...others, main }
  const added = resolutionEntries(resolution)
  const rest = main.filter(({ tag }) => added.every(entry => entry.tag !== tag))
  return { ...others, main: [...rest, ...added] }
}

/** The tags of a resolution, which EXIF shares with TIFF. */
export function resolutionEntries(resolution: Resolution): TiffEntry[] {
  const { x, y, unit } = inExifTerms(resolution)
  return [
    fractionEntry(tags.xResolution, x),
    fractionEntry(tags.yResolution, y),
    shortsEntry(tags.resolutionUnit, unit),
  ]
}

/** A resolution as EXIF and XMP store it: two fractions, and the number of the unit. They don't have metres. */
export function inExifTerms(resolution: Resolution) {
  const { x, y, unit } = resolution.unit === 'metre' ? inUnit(resolution, 'inch') : resolution
  return { x: fractionOf(x), y: fractionOf(y), unit: unit === 'none' ? 1 : unit === 'inch' ? 2 : 3 }
}

/** EXIF as stored in files other than TIFF, without JPEG's prefix. */
export function exifBytes(exif: Exif): Uint8Array {
  return encodeTiff(writer => writeExif(exif, writer))
}

/** Writes the directories below the main one. Returns the entries of the main directory. */
export function writeExif({ main, exif, gps, interoperability }: Exif, writer: TiffWriter): TiffEntry[] {
  const pointTo = (tag: number, entries: readonly TiffEntry[] | undefined) =>
    entries ? [longsEntry(tag, writer.directory(entries).at)] : []
  const nested = pointTo(tags.interoperability, interoperability)
  const below = exif || nested.length > 0 ? [...(exif ?? []), ...nested] : undefined
  return [...main, ...pointTo(tags.exif, below), ...pointTo(tags.gps, gps)]
}

function withoutPrefix(exif: Uint8Array): Uint8Array {
  const hasPrefix = Buffer.from(exif.subarray(0, 6)).toString('latin1') === 'Exif\0\0'
  return exif.subarray(hasPrefix ? 6 : 0)
}
