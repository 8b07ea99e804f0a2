import { readFileSync } from 'node:fs'

const read = (name: string) => readFileSync(new URL(`../cases/${name}`, import.meta.url))

/** A JPEG of 160 x 128 pixels with EXIF and its thumbnail. */
export const withThumbnail = read('20-exif-thumb.jpg')

/** A JPEG with a gain map, which its XMP describes. */
export const ultraHdr = read('22-ultrahdr.jpg')

/** Operations with and without decoding; one makes the image smaller, one turns it. */
export const everyWay = ['swap-channels', 'blur:2', 'crop:40x30', 'rotate:90'] as const

/** The size of `withThumbnail` after each. */
export const sizeAfter = {
  'swap-channels': [160, 128],
  'blur:2': [160, 128],
  'crop:40x30': [40, 30],
  'rotate:90': [128, 160],
}
