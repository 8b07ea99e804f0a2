/** Bytes that are rearranged at once: whole pixels of 3, 4, 6 and 8 bytes. */
export const groupBytes = 48

/** A chunk is copied to the kernel's memory and back; of this size, it stays in the core's nearest cache. */
const chunkBytes = 512 * groupBytes

const vectors = [0, 1, 2] as const
const vectorBytes = 16

/** Selects, for each of a group's three vectors, its bytes out of each of the original's three. */
export type Masks = Uint8Array

/** Where a group's bytes come from: `sources[at]` is the index of the byte that moves to `at`. */
export function masksFor(sources: readonly number[]): Masks {
  const none = 0x80 // swizzle makes a zero of what lies outside the vector
  const masks = vectors.flatMap(target =>
    vectors.flatMap(vector =>
      sources.slice(target * vectorBytes, (target + 1) * vectorBytes).map(source => {
        return Math.floor(source / vectorBytes) === vector ? source % vectorBytes : none
      }),
    ),
  )
  return Uint8Array.from(masks)
}

/** Rearranges the whole groups of `bytes` in place; gives how many bytes these were. */
export function rearrange(bytes: Uint8Array, masks: Masks): number {
  kernel ??= instantiate()
  const { memory, run } = kernel
  memory.set(masks)
  const end = bytes.length - (bytes.length % groupBytes)
  for (let at = 0; at < end; at += chunkBytes) {
    const length = Math.min(chunkBytes, end - at)
    memory.set(bytes.subarray(at, at + length), dataAt)
    run(dataAt + length)
    bytes.set(memory.subarray(dataAt, dataAt + length), at)
  }
  return end
}

/** What is used of it: the language's own types know no WebAssembly. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object) => { exports: { memory: { buffer: ArrayBuffer }; run: Kernel['run'] } }
}

interface Kernel {
  memory: Uint8Array
  run(end: number): void
}

/** One a thread, made when it is first needed. */
let kernel: Kernel | undefined

/** Behind the masks, at the start of a group's vectors. */
const dataAt = vectors.length * vectors.length * vectorBytes

/** sharp's binaries want processors that know these vectors (x86-64-v2, ARMv8), so they are there. */
function instantiate(): Kernel {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(moduleBytes()))
  return { memory: new Uint8Array(exports.memory.buffer), run: exports.run }
}

/**
 * The WebAssembly module (core specification 2.0, chapter 5), as text:
 *
 *     (memory (export "memory") 1)
 *     (func (export "run") (param $end i32) (local $at i32) (local $a v128) (local $b v128) (local $c v128)
 *       (local.set $at (i32.const dataAt))
 *       (loop
 *         (local.set $a (v128.load offset=0 (local.get $at)))            ;; $b, $c alike, 16 and 32 bytes on
 *         (v128.store offset=0 (local.get $at)                           ;; three times
 *           (v128.or (v128.or (i8x16.swizzle (local.get $a) (v128.load offset=mask (i32.const 0)))
 *                             (i8x16.swizzle (local.get $b) (v128.load offset=mask (i32.const 0))))
 *                    (i8x16.swizzle (local.get $c) (v128.load offset=mask (i32.const 0)))))
 *         (br_if 0 (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 48))) (local.get $end)))))
 */
function moduleBytes(): Uint8Array<ArrayBuffer> {
  const [end, at, first] = [0, 1, 2]
  const get = (local: number) => [0x20, local]
  const constant = (value: number) => [0x41, ...signed(value)]
  const load = (offset: number) => [0xfd, 0x00, 0, ...unsigned(offset)]
  const store = (offset: number) => [0xfd, 0x0b, 0, ...unsigned(offset)]
  const swizzle = [0xfd, 0x0e]
  const or = [0xfd, 0x50]
  const selected = (target: number, vector: number) => {
    const mask = (target * vectors.length + vector) * vectorBytes
    return [...get(first + vector), ...constant(0), ...load(mask), ...swizzle]
  }
  const body = [
    ...[2, 1, 0x7f, vectors.length, 0x7b], // locals: one i32, three v128
    ...[...constant(dataAt), 0x21, at],
    ...[0x03, 0x40], // loop
    ...vectors.flatMap(vector => [...get(at), ...load(vector * vectorBytes), 0x21, first + vector]),
    ...vectors.flatMap(target => [
      ...get(at),
      ...[...selected(target, 0), ...selected(target, 1), ...or, ...selected(target, 2), ...or],
      ...store(target * vectorBytes),
    ]),
    ...[...get(at), ...constant(groupBytes), 0x6a, 0x22, at, ...get(end), 0x49, 0x0d, 0],
    ...[0x0b, 0x0b],
  ]
  const section = (id: number, content: readonly number[]) => [id, ...unsigned(content.length), ...content]
  const named = (name: string, kind: number) => [name.length, ...Buffer.from(name), kind, 0]
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 1, 0x7f, 0]), // one type: of an i32, nothing
    ...section(3, [1, 0]),
    ...section(5, [1, 0, 1]), // one memory, of a page of 64 KiB
    ...section(7, [2, ...named('memory', 2), ...named('run', 0)]),
    ...section(10, [1, ...unsigned(body.length), ...body]),
  ])
}

/** LEB128, seven bits a byte from the lowest, the eighth saying that more follow. */
function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)]
}

/** Of numbers that aren't negative: bit 6 of the last byte would be their sign. */
function signed(value: number): number[] {
  return value < 0x40 ? [value] : [(value & 0x7f) | 0x80, ...signed(value >>> 7)]
}
