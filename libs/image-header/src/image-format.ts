export const imageFormats = ['jpeg', 'png', 'webp', 'gif', 'tiff', 'avif', 'heic'] as const

export type ImageFormat = (typeof imageFormats)[number]

/** The format according to the first bytes of a file. 'heif' may be AVIF or HEIC; only the primary image decides. */
export type SniffedFormat = ImageFormat | 'heif'

/** The registered media type: 'image/jpeg', 'image/tiff', … */
export function contentTypeOf(format: SniffedFormat): string {
  return `image/${format}`
}
