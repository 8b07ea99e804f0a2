/** A segment as in the file: its marker, its length and its data. A scan's data are a segment of their own. */
interface FilePart {
  readonly marker: number
  readonly bytes: Buffer
}

/** Divides a JPEG into its parts, so that a test can leave out, repeat and change them. */
export function partsOf(jpeg: Uint8Array): FilePart[] {
  const bytes = Buffer.from(jpeg)
  const parts: FilePart[] = []
  for (let at = 2; at < bytes.length - 2; ) {
    const marker = bytes[at + 1] ?? 0
    let end = at + 2 + bytes.readUInt16BE(at + 2)
    if (marker === 0xda) while (bytes[end] !== 0xff || bytes[end + 1] === 0) end += 1
    parts.push({ marker, bytes: bytes.subarray(at, end) })
    at = end
  }
  return parts
}

export function fileOf(parts: readonly FilePart[]): Buffer {
  return Buffer.concat([Buffer.of(0xff, 0xd8), ...parts.map(({ bytes }) => bytes), Buffer.of(0xff, 0xd9)])
}

/** The file with its parts of one kind changed; parts that become undefined are left out. */
export function changed(
  jpeg: Uint8Array,
  marker: number,
  change: (bytes: Buffer, index: number) => Buffer | undefined,
): Buffer {
  let index = 0
  const parts = partsOf(jpeg).flatMap(part => {
    if (part.marker !== marker) return [part]
    const bytes = change(Buffer.from(part.bytes), index++)
    return bytes ? [{ marker, bytes }] : []
  })
  return fileOf(parts)
}
