import assert from 'node:assert/strict'

/** The place of a marker in a JPEG: before a segment, or in a scan. */
interface Place {
  readonly at: number
  readonly marker: number
}

/** All markers after the first, in their order. */
export function markersOf(jpeg: Buffer): Place[] {
  const places: Place[] = []
  for (let at = 2; at < jpeg.length; ) {
    const marker = jpeg[at + 1] ?? 0
    places.push({ at, marker })
    if (marker === 0xd9) break
    if (!isRestart(marker)) at += jpeg.readUInt16BE(at + 2)
    at += 2
    if (isRestart(marker) || marker === 0xda) at = endOfCodes(jpeg, at)
  }
  return places
}

function isRestart(marker: number): boolean {
  return marker >= 0xd0 && marker <= 0xd7
}

function endOfCodes(jpeg: Buffer, from: number): number {
  let at = jpeg.indexOf(0xff, from)
  while (jpeg[at + 1] === 0) at = jpeg.indexOf(0xff, at + 2)
  return at
}

/** The file with bytes before some of its markers. */
export function withStrays(jpeg: Buffer, strays: Uint8Array, isChosen: (place: Place) => boolean): Buffer {
  let from = 0
  const parts: Uint8Array[] = []
  for (const place of markersOf(jpeg).filter(isChosen)) {
    parts.push(jpeg.subarray(from, place.at), strays)
    from = place.at
  }
  return Buffer.concat([...parts, jpeg.subarray(from)])
}

/** The file with the range of its scans as Samsung's phones write it. */
export function withZeroRanges(jpeg: Buffer): Buffer {
  return changedSegments(jpeg, 0xda, data => data.subarray(-3).fill(0))
}

/** The file with a JFIF header of this version. */
export function withJfif(jpeg: Buffer, major: number, minor: number): Buffer {
  const others = changedSegments(jpeg, 0xe0, data => data.fill(0, 0, 4))
  return withSegment(others, `ffe00010 4a46494600 ${hex(major)}${hex(minor)} 00 00010001 0000`)
}

/** The file without its JFIF header, with an Adobe header that names this colour transform. */
export function withAdobe(jpeg: Buffer, transform: number): Buffer {
  const named = jpeg.indexOf('Adobe')
  const others = changedSegments(jpeg, 0xe0, data => data.fill(0, 0, 4))
  if (named === -1) return withSegment(others, `ffee000e 41646f6265 0064 0000 0000 ${hex(transform)}`)
  others[named + 11] = transform
  return others
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0')
}

function withSegment(jpeg: Buffer, segment: string): Buffer {
  const bytes = Buffer.from(segment.replaceAll(' ', ''), 'hex')
  return Buffer.concat([jpeg.subarray(0, 2), bytes, jpeg.subarray(2)])
}

function changedSegments(jpeg: Buffer, wanted: number, change: (data: Buffer) => unknown): Buffer {
  const changed = Buffer.from(jpeg)
  for (const { at, marker } of markersOf(jpeg)) {
    if (marker === wanted) change(changed.subarray(at + 4, at + 2 + changed.readUInt16BE(at + 2)))
  }
  return changed
}

/** The file begins with SOI and another marker. */
function isBehindFirstTable({ at, marker }: Place): boolean {
  return at > 2 && (marker === 0xc0 || marker === 0xc1 || marker === 0xc2 || marker === 0xc9)
}

/** Oddities of cameras and programs that don't change a sample. */
export const oddities: Readonly<Record<string, (jpeg: Buffer) => Buffer>> = {
  'ranges of zero': withZeroRanges,
  'a stray byte between two segments': jpeg =>
    withStrays(jpeg, Buffer.of(0), ({ at }) => at === markersOf(jpeg)[1]?.at),
  'stray bytes between all segments': jpeg =>
    withStrays(jpeg, Buffer.from('stray'), ({ at, marker }) => at > 2 && !isRestart(marker)),
  'stray bytes after the start': jpeg => withStrays(jpeg, Buffer.from('stray'), ({ at }) => at === 2),
  'a segment without its marker, as Pixel phones write': jpeg =>
    withStrays(jpeg, Buffer.from('00e000104a46494600010100000100010000', 'hex'), isBehindFirstTable),
  'segments whose length is too small': jpeg =>
    withStrays(jpeg, Buffer.from('fffe0000ffe10001ffe20000', 'hex'), isBehindFirstTable),
  'a lot of bytes before a table': jpeg =>
    withStrays(jpeg, Buffer.alloc(24_242, 'A stray text. '), isBehindFirstTable),
  'stray bytes before a restart marker': jpeg =>
    withStrays(jpeg, Buffer.of(0x12, 0x34), ({ at }) => at === restartsOf(jpeg)[1]?.at),
  'stray bytes before all restart markers': jpeg =>
    withStrays(jpeg, Buffer.from('nine odd!'), ({ marker }) => isRestart(marker)),
  'zeros before all restart markers': jpeg =>
    withStrays(jpeg, Buffer.alloc(113), ({ marker }) => isRestart(marker)),
  'zeros after the last scan': jpeg => withStrays(jpeg, Buffer.alloc(8), ({ marker }) => marker === 0xd9),
  'no end marker': jpeg => jpeg.subarray(0, -2),
  'half an end marker': jpeg => jpeg.subarray(0, -1),
  'JFIF 2.01': jpeg => withJfif(jpeg, 2, 1),
  'JFIF 0.02': jpeg => withJfif(jpeg, 0, 2),
  'transform 3': jpeg => withAdobe(jpeg, 3),
  'transform 2 with fewer samples of two components': jpeg => withAdobe(jpeg, 2),
}

/** The file with its height after the first scan. */
export function withLateHeight(jpeg: Buffer): Buffer {
  const places = markersOf(jpeg)
  const { at: frameAt } = places.find(({ marker }) => [0xc0, 0xc2].includes(marker)) ?? assert.fail()
  const scan = places.findIndex(({ marker }) => marker === 0xda)
  const after = places.slice(scan + 1).find(({ marker }) => !isRestart(marker)) ?? assert.fail()
  const height = jpeg.subarray(frameAt + 5, frameAt + 7)
  const lines = Buffer.concat([Buffer.of(0xff, 0xdc, 0, 4), height])
  const file = Buffer.concat([jpeg.subarray(0, after.at), lines, jpeg.subarray(after.at)])
  return file.fill(0, frameAt + 5, frameAt + 7)
}

export function restartsOf(jpeg: Buffer): Place[] {
  return markersOf(jpeg).filter(({ marker }) => isRestart(marker))
}

/**
 * The end of an arithmetic code can't be seen. Progressive scans need their ranges; stray bytes at a single restart look
 * like damage.
 */
export function canHave(kind: string, oddity: string): boolean {
  if (oddity.startsWith('transform 2') && /^(cmyk|grey|with EXIF)/.test(kind)) return false
  if (kind.startsWith('arithmetic')) return !/restart|after|end/.test(oddity)
  return !(kind.startsWith('progressive') && /^ranges|before a restart/.test(oddity))
}

/** With other bytes in place of some bytes of the last segment of a kind. */
export function spliced(jpeg: Buffer, wanted: number, offset: number, count: number, others: Buffer): Buffer {
  const at = lastOf(jpeg, wanted) + offset
  return Buffer.concat([jpeg.subarray(0, at), others, jpeg.subarray(at + count)])
}

function lastOf(jpeg: Buffer, wanted: number): number {
  return markersOf(jpeg).findLast(({ marker }) => marker === wanted)?.at ?? assert.fail(`no ${wanted}`)
}

/** With flipped bits in a byte of the last segment of a kind. */
export function flipped(jpeg: Buffer, wanted: number, offset: number, bits: number): Buffer {
  const changed = Buffer.from(jpeg)
  const at = lastOf(jpeg, wanted) + offset
  changed[at] = (changed[at] ?? 0) ^ bits
  return changed
}
