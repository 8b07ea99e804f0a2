import sharp from 'sharp'

/** The samples of a JPEG that has no damage. */
export function decode(jpeg: Uint8Array): Promise<Buffer> {
  return sharp(jpeg, { failOn: 'warning' }).raw().toBuffer()
}
