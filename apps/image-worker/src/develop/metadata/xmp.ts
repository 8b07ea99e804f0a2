import type { OutputFormat } from '@darkroom/contracts'
import type { Geometry } from '../geometry.ts'
import { inExifTerms } from './exif.ts'
import type { Resolution } from './resolution.ts'
import { editXml, type XmlName, type XmlRule } from './xml-edits.ts'

/** XMP specification parts 1 and 2. */
const namespaces = {
  dublinCore: 'http://purl.org/dc/elements/1.1/',
  dublinCoreTerms: 'http://purl.org/dc/terms/',
  exif: 'http://ns.adobe.com/exif/1.0/',
  iptcExtension: 'http://iptc.org/std/Iptc4xmpExt/2008-02-29/',
  panorama: 'http://ns.google.com/photos/1.0/panorama/',
  photoshop: 'http://ns.adobe.com/photoshop/1.0/',
  tiff: 'http://ns.adobe.com/tiff/1.0/',
  xmp: 'http://ns.adobe.com/xap/1.0/',
} as const

/** Namespaces of the elements that hold the properties. */
const containers = [
  'adobe:ns:meta/',
  'http://www.w3.org/1999/02/22-rdf-syntax-ns#',
  'http://www.w3.org/XML/1998/namespace',
  '',
]

/**
 * Namespaces about parts of the original's file that a result doesn't have: gain maps, extended XMP, and the additions
 * of phones (motion photos, depth maps, second images in Base64): Google's Container, GCamera, GDepth, GImage and
 * Dynamic Depth, Apple's HDRGainMap and mattes, and similar namespaces of other makers.
 */
const aboutOtherParts: readonly RegExp[] = [
  /^http:\/\/ns\.adobe\.com\/hdr-gain-map\//,
  /^http:\/\/ns\.adobe\.com\/xmp\/note\//,
  /^https?:\/\/ns\.apple\.com\//,
  /^https?:\/\/ns\.[^/]+\/photos\//,
]

/** Properties that describe the original's file, by namespace: its thumbnail, coding, checksums and signature. */
const aboutTheFile: Readonly<Record<string, readonly string[]>> = {
  [namespaces.xmp]: ['Thumbnails'],
  [namespaces.photoshop]: ['ColorMode', 'LegacyIPTCDigest'],
  [namespaces.dublinCoreTerms]: ['provenance'],
  [namespaces.exif]: ['NativeDigest', 'CompressedBitsPerPixel', 'ComponentsConfiguration', 'MakerNote'],
  [namespaces.tiff]: [
    ...['NativeDigest', 'BitsPerSample', 'Compression', 'PhotometricInterpretation', 'SamplesPerPixel'],
    ...['PlanarConfiguration', 'YCbCrSubSampling', 'YCbCrPositioning', 'YCbCrCoefficients'],
    ...['ReferenceBlackWhite', 'TransferFunction', 'WhitePoint', 'PrimaryChromaticities'],
  ],
}

/** Namespaces of positions in the picture. */
const aboutPlaces: readonly RegExp[] = [
  /^http:\/\/www\.metadataworkinggroup\.com\/schemas\/regions\//,
  /^http:\/\/ns\.microsoft\.com\/photo\/1\.2\//,
  /^http:\/\/ns\.acdsee\.com\/regions\//,
]

/**
 * XMP without properties that are untrue of the result; if its pixels were moved, also without positions in the
 * picture. Undefined if nothing is left, or if the XMP isn't well formed.
 */
export function readXmp(
  xmp: Uint8Array,
  { movesPixels, changesView }: Pick<Geometry, 'movesPixels' | 'changesView'>,
): string | undefined {
  try {
    const text = textOf(xmp)
    // Without its sizes and positions, a panorama counts as the whole sphere.
    const losesPanorama = changesView || (movesPixels && !isWholePanorama(text))
    const isNamespaceRemoved = (namespace: string) =>
      namespace === namespaces.panorama
        ? losesPanorama
        : aboutOtherParts.some(pattern => pattern.test(namespace))
    const isRemoved = ({ namespace, local }: XmlName) =>
      isNamespaceRemoved(namespace) ||
      aboutTheFile[namespace]?.includes(local) ||
      (movesPixels && isAboutPlaces(namespace, local))
    const { xml, staying } = editXml(text, name => (isRemoved(name) ? 'remove' : undefined))
    return staying.some(({ namespace }) => !containers.includes(namespace)) ? xml : undefined
  } catch (error) {
    // Unreadable metadata is dropped: it must not fail an image.
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined
    throw error
  }
}

function isAboutPlaces(namespace: string, local: string): boolean {
  if (namespace === namespaces.iptcExtension) return local === 'ImageRegion'
  if (namespace === namespaces.exif) return local === 'SubjectArea' || local === 'SubjectLocation'
  // Sizes and positions in pixels are removed; the kind of panorama is still true.
  if (namespace === namespaces.panorama)
    return local.endsWith('Pixels') || local.startsWith('LargestValidInterior')
  return aboutPlaces.some(pattern => pattern.test(namespace))
}

/** Google's Photo Sphere XMP: the size of the picture, and the size of the sphere of which it is a part. */
function isWholePanorama(xmp: string): boolean {
  return ['Width', 'Height'].every(side => {
    const numbers = [`CroppedAreaImage${side}Pixels`, `FullPano${side}Pixels`].map(
      name => new RegExp(`:${name}(?:\\s*=\\s*["']|>)\\s*(\\d+)`).exec(xmp)?.[1],
    )
    return numbers[0] === numbers[1]
  })
}

/** The facts about a file that its XMP repeats. */
interface XmpFacts {
  readonly width: number
  readonly height: number
  readonly format: OutputFormat
  readonly resolution: Resolution | undefined
}

/** XMP from `readXmp` that describes this upright image, in the properties that it has. */
export function xmpDescribing(xmp: string, facts: XmpFacts): Uint8Array {
  const own = propertiesOf(facts)
  const rule: XmlRule = ({ namespace, local }) => own[namespace]?.[local]
  return Buffer.from(editXml(xmp, rule).xml)
}

type Properties = Record<string, Record<string, ReturnType<XmlRule>>>

function propertiesOf({ width, height, format, resolution }: XmpFacts): Properties {
  const is = (value: number | string) => ({ text: String(value) })
  return {
    [namespaces.dublinCore]: { format: is(`image/${format}`) },
    [namespaces.tiff]: {
      ImageWidth: is(width),
      ImageLength: is(height),
      Orientation: is(1),
      ...resolutionProperties(resolution),
    },
    [namespaces.exif]: { PixelXDimension: is(width), PixelYDimension: is(height) },
  }
}

function resolutionProperties(resolution: Resolution | undefined): Record<string, ReturnType<XmlRule>> {
  if (!resolution) return { XResolution: 'remove', YResolution: 'remove', ResolutionUnit: 'remove' }
  const { x, y, unit } = inExifTerms(resolution)
  return {
    XResolution: { text: x.join('/') },
    YResolution: { text: y.join('/') },
    ResolutionUnit: { text: String(unit) },
  }
}

/** XMP is in UTF-8; in TIFF it may be in UTF-16 (XMP specification part 1, 7.1). */
function textOf(xmp: Uint8Array): string {
  const [first = 0, second = 0] = xmp
  const encoding =
    first === 0 || (first === 0xfe && second === 0xff)
      ? 'utf-16be'
      : second === 0 || (first === 0xff && second === 0xfe)
        ? 'utf-16le'
        : 'utf-8'
  return new TextDecoder(encoding, { fatal: true }).decode(xmp).replace(/\0+$/, '')
}
