import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

/** The parts of WebAssembly that are used: TypeScript's standard library doesn't declare it. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object, imports: object) => { exports: object }
  Memory: new () => LibheifMemory
}

/** A new buffer after the memory has grown. */
export interface LibheifMemory {
  readonly buffer: ArrayBuffer
  /** Returns the number of pages before it grew. */
  grow(pages: number): number
}

/** The package that decodes HEIC: an optional dependency, since HEVC is encumbered by patents. */
export const heicPackage = 'libheif-js'

const require = createRequire(import.meta.url)
const scriptPath = `${heicPackage}/libheif-wasm/libheif.js`
const binaryPath = `${heicPackage}/libheif-wasm/libheif.wasm`

/**
 * The functions of libheif's C interface (heif.h) that are called. Those that return a heif_error write it to `error`.
 */
interface LibheifFunctions {
  _malloc(bytes: number): number
  _heif_context_alloc(): number
  _heif_context_read_from_memory_without_copy(
    error: number,
    context: number,
    bytes: number,
    length: number,
    options: 0,
  ): void
  _heif_context_get_primary_image_handle(error: number, context: number, handle: number): void
  _heif_context_get_image_handle(error: number, context: number, item: number, handle: number): void
  _heif_image_handle_get_item_id(handle: number): number
  /** Gives only the number of transformations if no list is passed. */
  _heif_item_get_transformation_properties(
    context: number,
    item: number,
    following: 0,
    list: 0,
    most: 0,
  ): number
  _heif_image_handle_get_width(handle: number): number
  _heif_image_handle_get_height(handle: number): number
  _heif_image_handle_has_alpha_channel(handle: number): number
  _heif_image_handle_get_luma_bits_per_pixel(handle: number): number
  _heif_image_handle_is_premultiplied_alpha(handle: number): number
  _heif_image_handle_get_nclx_color_profile(error: number, handle: number, profile: number): void
  _heif_decoding_options_alloc(): number
  _heif_decode_image(
    error: number,
    handle: number,
    image: number,
    colourspace: number,
    chroma: number,
    options: number,
  ): void
  _heif_image_get_width(image: number, channel: number): number
  _heif_image_get_height(image: number, channel: number): number
  _heif_image_get_bits_per_pixel_range(image: number, channel: number): number
  _heif_image_get_plane_readonly(image: number, channel: number, stride: number): number
}

export interface Libheif {
  functions: LibheifFunctions
  memory: LibheifMemory
}

type Factory = (options: {
  instantiateWasm(imports: object, receive: (instance: { exports: object }) => object): object
}) => LibheifFunctions

/** Whether this worker can decode HEIC. */
export function canDecodeHeic(): boolean {
  try {
    require.resolve(binaryPath)
    return true
  } catch {
    return false
  }
}

/**
 * libheif with its own memory, which is freed together with it, because WebAssembly's memory never shrinks. The memory
 * doesn't grow beyond `maxBytes`, even if a file makes libheif request more.
 *
 * @throws Error when the package is not installed
 */
export function openLibheif(maxBytes: number): Libheif {
  loaded ??= {
    factory: require(scriptPath),
    module: new WebAssembly.Module(readFileSync(require.resolve(binaryPath))),
  }
  const { factory, module } = loaded
  let memory: LibheifMemory | undefined
  const functions = factory({
    instantiateWasm(imports, receive) {
      const instance = new WebAssembly.Instance(module, imports)
      memory = Object.values(instance.exports).find(value => value instanceof WebAssembly.Memory)
      if (memory) limit(memory, maxBytes)
      return receive(instance)
    },
  })
  if (!memory) throw new Error(`this version of ${heicPackage} exports no memory`)
  return { functions, memory }
}

/** Compiled once per thread. */
let loaded: { factory: Factory; module: object } | undefined

const pageBytes = 65_536

/** If growing fails, libheif handles it as out of memory, as with any allocator. */
function limit(memory: LibheifMemory, maxBytes: number): void {
  const grow = memory.grow.bind(memory)
  memory.grow = pages => {
    if (memory.buffer.byteLength + pages * pageBytes > maxBytes)
      throw new RangeError(`the memory for decoding is limited to ${maxBytes} bytes`)
    return grow(pages)
  }
}
