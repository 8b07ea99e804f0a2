import type { Cicp, ImageHeader } from '@darkroom/image-header'
import { derivedFrom } from '../avif/items.ts'
import { type Raster, samplesOf } from '../raster/raster.ts'
import { UnusableImage, undecodableImage } from '../unusable-image.ts'
import { type Libheif, type LibheifMemory, openLibheif } from './libheif.ts'

/** heif.h: the colourspace of red, green and blue, and the layouts of samples. */
const rgbColourspace = 1
const interleavings = {
  8: { 3: 10, 4: 11 },
  /** 16 bits each, the lower byte first. */
  16: { 3: 14, 4: 15 },
} as const
const interleavedChannel = 10
/** The place of strict_decoding in heif_decoding_options: damage becomes an error instead of a warning. */
const strictDecodingAt = 21

export interface UnpackedHeic {
  raster: Raster
  /** The meaning of the samples, if the file declares it by number. */
  cicp: Cicp | undefined
  isPremultiplied: boolean
  /** Whether the image was turned, mirrored or cropped. */
  isMoved: boolean
}

/**
 * Unpacks the primary image of a HEIC, with its turns, mirrorings and crops applied; 16 bits a sample if it has more
 * than 8. Blocks the thread while it decodes: 12 megapixels take about 0.7 s.
 *
 * @throws UnusableImage if the image is damaged or doesn't have the size that its header declares
 */
export function unpackHeic(input: Uint8Array, header: ImageHeader): UnpackedHeic {
  const libheif = openLibheif(unpackHeicCost(input, header))
  try {
    return unpack(input, header, libheif)
  } catch (error) {
    if (error instanceof UnusableImage) throw error
    // libheif or its allocator gave up: it throws a number.
    const words = 'the HEIC is damaged, or needs more memory to decode than an image of its size should'
    throw new UnusableImage('undecodable-image', words, { cause: error })
  }
}

/** Even a small image takes this much. */
const leastBytes = 32 * 1024 * 1024

/**
 * The bytes of memory that libheif may take. In measurements, it took 2.5 to 3.5 times the size of the result, for 8 and 10
 * bits, with and without transparency, and its allocator takes up to a fifth more than it needs.
 */
export function unpackHeicCost(input: Uint8Array, { unpackedBytes }: ImageHeader): number {
  return leastBytes + 3 * input.length + 5 * unpackedBytes
}

function unpack(input: Uint8Array, header: ImageHeader, { functions: heif, memory }: Libheif): UnpackedHeic {
  const error = heif._malloc(12)
  const found = heif._malloc(4)
  const numberAt = (address: number) => new DataView(memory.buffer).getUint32(address, true)

  const file = heif._malloc(input.length)
  new Uint8Array(memory.buffer).set(input, file)
  const context = heif._heif_context_alloc()
  heif._heif_context_read_from_memory_without_copy(error, context, file, input.length, 0)
  check()
  heif._heif_context_get_primary_image_handle(error, context, found)
  check()
  const handle = numberAt(found)
  checkSize(heif._heif_image_handle_get_width(handle), heif._heif_image_handle_get_height(handle), header)

  const itemId = heif._heif_image_handle_get_item_id(handle)
  const channels = heif._heif_image_handle_has_alpha_channel(handle) === 0 ? 3 : 4
  const bits = heif._heif_image_handle_get_luma_bits_per_pixel(handle) > 8 ? 16 : 8
  const options = heif._heif_decoding_options_alloc()
  new Uint8Array(memory.buffer)[options + strictDecodingAt] = 1
  heif._heif_decode_image(error, handle, found, rgbColourspace, interleavings[bits][channels], options)
  check()
  const image = numberAt(found)
  const width = heif._heif_image_get_width(image, interleavedChannel)
  const height = heif._heif_image_get_height(image, interleavedChannel)
  checkSize(width, height, header)
  const plane = heif._heif_image_get_plane_readonly(image, interleavedChannel, found)
  const rowBytes = (width * channels * bits) / 8
  const data = packRows({ memory, plane, stride: numberAt(found), rowBytes, height })
  if (bits === 16) widen(data, heif._heif_image_get_bits_per_pixel_range(image, interleavedChannel))
  return {
    raster: { data, width, height, channels, bits, isGrey: false },
    cicp: cicpOf(handle) ?? cicpOfOriginal(),
    isMoved: heif._heif_item_get_transformation_properties(context, itemId, 0, 0, 0) > 0,
    isPremultiplied: heif._heif_image_handle_is_premultiplied_alpha(handle) !== 0,
  }

  /** Reads a heif_error: a code, a subcode, and a pointer to the message. */
  function check(): void {
    if (numberAt(error) !== 0) throw undecodableImage(new Error(textAt(memory, numberAt(error + 8))), 'heic')
  }

  /** The numbers of the original of a cropped image, which has no numbers of its own (see derive-crop.ts). */
  function cicpOfOriginal(): Cicp | undefined {
    const original = derivedFrom(Buffer.from(input.buffer, input.byteOffset, input.byteLength), itemId)
    if (original === undefined) return undefined
    heif._heif_context_get_image_handle(error, context, original, found)
    return numberAt(error) === 0 ? cicpOf(numberAt(found)) : undefined
  }

  /** heif_color_profile_nclx: its version, then three numbers of 32 bits, then the range. */
  function cicpOf(handle: number): Cicp | undefined {
    heif._heif_image_handle_get_nclx_color_profile(error, handle, found)
    if (numberAt(error) !== 0) return undefined
    const [primaries, transfer, matrix, range] = [4, 8, 12, 16].map(at => numberAt(numberAt(found) + at))
    if (primaries === undefined || transfer === undefined || matrix === undefined) return undefined
    return { primaries, transfer, matrix, isFullRange: ((range ?? 0) & 255) !== 0 }
  }
}

/**
 * libheif reads the same boxes as our header reader. If their results differ, the limits were checked for another
 * image.
 */
function checkSize(width: number, height: number, header: ImageHeader): void {
  if (width === header.width && height === header.height) return
  const words = `the HEIC declares ${header.width} x ${header.height} pixels, but has ${width} x ${height}`
  throw new UnusableImage('malformed-image', words)
}

function packRows(image: {
  memory: LibheifMemory
  plane: number
  stride: number
  rowBytes: number
  height: number
}): Uint8Array {
  const { memory, plane, stride, rowBytes, height } = image
  const all = new Uint8Array(memory.buffer, plane, stride * (height - 1) + rowBytes)
  if (stride === rowBytes) return all.slice()
  const packed = new Uint8Array(rowBytes * height)
  for (let row = 0; row < height; row++)
    packed.set(all.subarray(row * stride, row * stride + rowBytes), row * rowBytes)
  return packed
}

/** Scales samples of this many bits to 16 bits, in place. */
function widen(data: Uint8Array, bits: number): void {
  const samples = samplesOf({ data, bits: 16 })
  const [up, down] = [16 - bits, 2 * bits - 16]
  for (let at = 0; at < samples.length; at++) {
    const sample = samples[at] ?? 0
    samples[at] = (sample << up) | (sample >> down)
  }
}

function textAt({ buffer }: LibheifMemory, address: number): string {
  const bytes = Buffer.from(buffer, address)
  return bytes.toString('latin1', 0, bytes.indexOf(0))
}
