import { randomBytes } from 'node:crypto'

/** Generates the id of an image: a UUID of version 7 (RFC 9562, 5.7). `end` sets its last 12 digits; default: random. */
export function newImageId(end = ''): string {
  const bytes = randomBytes(16)
  bytes.writeUIntBE(Date.now(), 0, 6)
  bytes[6] = 0x70 | (Number(bytes[6]) & 0x0f)
  bytes[8] = 0x80 | (Number(bytes[8]) & 0x3f)
  const id = bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
  return `${id.slice(0, id.length - end.length)}${end}`
}
