import { crc32, deflateSync } from 'node:zlib'
import { NotWellFormed } from '../not-well-formed.ts'
import type { Size } from '../rectangle.ts'
import { type Turn, turnedSize } from '../turn.ts'
import { encodeChunk, pngSignature } from './chunks.ts'
import { inflatedBytes, type PngHeader, parsePngHeader, passesOf } from './header.ts'
import { inflateWhole } from './inflate-whole.ts'

/** Whether the colours of a PNG are in a palette. */
export function isPalettePng(png: Uint8Array): boolean {
  return png[25] === 3
}

/**
 * A copy of a palette PNG whose pixels are turned. Palette, depth and interlacing stay; EXIF, which may declare a turn,
 * is dropped, and all other chunks stay as they are. Undefined for an animation.
 *
 * @throws NotWellFormed
 */
export function turnPaletteImage(png: Uint8Array, turn: Turn): Uint8Array | undefined {
  const before: Uint8Array[] = []
  const after: Uint8Array[] = []
  const data: Uint8Array[] = []
  let header: PngHeader | undefined
  for (const { type, whole, content } of chunksOf(png)) {
    if (type === 'acTL') return undefined
    if (type === 'IHDR') header = parsePngHeader(content)
    else if (type === 'IDAT' && after.length > 0) throw new NotWellFormed('the image data is interrupted')
    else if (type === 'IDAT') data.push(content)
    else if (type !== 'eXIf') (data.length === 0 ? before : after).push(whole)
  }
  if (!header) throw new NotWellFormed('the file does not start with IHDR')
  const turned = { ...header, ...turnedSize(header, turn) }
  const indexes = turnedIndexes(unpackIndexes(Buffer.concat(data), header), header, turn)
  return Buffer.concat([
    pngSignature,
    encodeChunk('IHDR', encodeHeader(turned)),
    ...before,
    encodeChunk('IDAT', deflateSync(packIndexes(indexes, turned))),
    ...after,
  ])
}

function* chunksOf(png: Uint8Array): Generator<{ type: string; whole: Buffer; content: Buffer }> {
  const file = Buffer.from(png.buffer, png.byteOffset, png.length)
  for (let at = pngSignature.length; at < file.length; ) {
    if (at + 12 > file.length) throw new NotWellFormed('the file ends too early')
    const end = at + 12 + file.readUInt32BE(at)
    if (end > file.length) throw new NotWellFormed('the file ends too early')
    const type = file.toString('latin1', at + 4, at + 8)
    const isRead = type === 'IHDR' || type === 'IDAT'
    if (isRead && crc32(file.subarray(at + 4, end - 4)) !== file.readUInt32BE(end - 4))
      throw new NotWellFormed(`the ${type} chunk's CRC does not match`)
    yield { type, whole: file.subarray(at, end), content: file.subarray(at + 8, end - 4) }
    if (type === 'IEND') return
    at = end
  }
}

function encodeHeader({ width, height, bitDepth, colorType, isInterlaced }: PngHeader): Uint8Array {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([bitDepth, colorType, 0, 0, isInterlaced ? 1 : 0], 8)
  return header
}

/** Each pixel of the turned image, row by row: the index that it has in the original. */
function turnedIndexes(indexes: Uint8Array, { width, height }: PngHeader, turn: Turn): Uint8Array {
  const size = turnedSize({ width, height }, turn)
  const placeOf = (x: number, y: number) => {
    const [mirroredX, sourceY] = sourceOf(x, y, { width, height }, turn.angle)
    return sourceY * width + (turn.mirrored ? width - 1 - mirroredX : mirroredX)
  }
  const start = placeOf(0, 0)
  const [right, down] = [placeOf(1, 0) - start, placeOf(0, 1) - start]
  const turned = new Uint8Array(indexes.length)
  for (let y = 0, to = 0; y < size.height; y++)
    for (let x = 0, from = start + y * down; x < size.width; x++, from += right)
      turned[to++] = indexes[from] ?? 0
  return turned
}

function sourceOf(x: number, y: number, { width, height }: Size, angle: Turn['angle']): [number, number] {
  switch (angle) {
    case 0:
      return [x, y]
    case 90:
      return [y, height - 1 - x]
    case 180:
      return [width - 1 - x, height - 1 - y]
    case 270:
      return [width - 1 - y, x]
  }
}

/** One byte a pixel. */
function unpackIndexes(compressed: Uint8Array, header: PngHeader): Uint8Array {
  const { width, height, bitDepth } = header
  const passes = passesOf(header, width, height)
  const inflated = inflateWhole(compressed, inflatedBytes(passes))
  const indexes = new Uint8Array(width * height)
  let at = 0
  for (const { column, row, columnStep, rowStep, rowBytes } of passes) {
    let above: Uint8Array = new Uint8Array(rowBytes)
    for (let y = row; y < height; y += rowStep, at += 1 + rowBytes) {
      const bytes = inflated.subarray(at + 1, at + 1 + rowBytes)
      unfilter(bytes, above, inflated[at] ?? 0)
      above = bytes
      for (let x = column, bit = 0; x < width; x += columnStep, bit += bitDepth)
        indexes[y * width + x] = ((bytes[bit >> 3] ?? 0) >> (8 - bitDepth - (bit & 7))) & (2 ** bitDepth - 1)
    }
  }
  return indexes
}

/** Without filters, which seldom make a palette image smaller (PNG 3rd edition, 12.7). */
function packIndexes(indexes: Uint8Array, header: PngHeader): Uint8Array {
  const { width, height, bitDepth } = header
  const passes = passesOf(header, width, height)
  const packed = new Uint8Array(inflatedBytes(passes))
  let at = 0
  for (const { column, row, columnStep, rowStep, rowBytes } of passes) {
    for (let y = row; y < height; y += rowStep, at += 1 + rowBytes) {
      for (let x = column, bit = 0; x < width; x += columnStep, bit += bitDepth) {
        const to = at + 1 + (bit >> 3)
        packed[to] = (packed[to] ?? 0) | ((indexes[y * width + x] ?? 0) << (8 - bitDepth - (bit & 7)))
      }
    }
  }
  return packed
}

/** PNG 3rd edition, 9.2, in place; a pixel has at most one byte. `above` is the row before. */
function unfilter(row: Uint8Array, above: Uint8Array, filter: number): void {
  if (filter === 0) return
  if (filter > 4) throw new NotWellFormed('a scanline has an unknown filter type')
  let [left, upperLeft] = [0, 0]
  for (let at = 0; at < row.length; at++) {
    const up = above[at] ?? 0
    left = ((row[at] ?? 0) + predicted(filter, left, up, upperLeft)) & 255
    row[at] = left
    upperLeft = up
  }
}

function predicted(filter: number, left: number, up: number, upperLeft: number): number {
  if (filter === 1) return left
  if (filter === 2) return up
  if (filter === 3) return (left + up) >> 1
  const estimate = left + up - upperLeft
  const [toLeft, toUp, toUpperLeft] = [
    Math.abs(estimate - left),
    Math.abs(estimate - up),
    Math.abs(estimate - upperLeft),
  ]
  if (toLeft <= toUp && toLeft <= toUpperLeft) return left
  return toUp <= toUpperLeft ? up : upperLeft
}
