export const imageFormats = ['jpeg', 'png', 'webp', 'gif', 'tiff', 'avif'] as const

export type ImageFormat = (typeof imageFormats)[number]

/** The registered media type: 'image/jpeg', 'image/tiff', … */
export function contentTypeOf(format: ImageFormat): string {
  return `image/${format}`
}
