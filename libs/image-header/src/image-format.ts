export const imageFormats = ['jpeg', 'png', 'webp', 'gif', 'tiff', 'avif'] as const

export type ImageFormat = (typeof imageFormats)[number]

/** The registered media type: 'image/jpeg', 'image/tiff', … */
export function contentTypeOf(format: ImageFormat): string {
  return `image/${format}`
}

/** The customary file name extension, without the dot. */
export function fileExtensionOf(format: ImageFormat): string {
  switch (format) {
    case 'jpeg':
      return 'jpg'
    case 'tiff':
      return 'tif'
    case 'png':
    case 'webp':
    case 'gif':
    case 'avif':
      return format
  }
}
