import { defineOperation } from './define-operation.ts'
import { outputFormats } from './operation-arguments.ts'
import { InvalidOperations, number, optional } from './operation-text.ts'
import { Type } from './typebox/typebox.js'

/** Operations that affect the file that is written, but not its pixels. */
export const fileOperations = {
  metadata: defineOperation({
    summary: 'Drops EXIF, XMP, IPTC and comments (the default), or keeps EXIF, XMP and IPTC',
    form: 'metadata[:mode]',
    example: 'metadata:keep',
    properties: { mode: Type.Enum(['strip', 'keep'], { default: 'strip' }) },
    parse: text => optional('mode', text),
  }),
  format: defineOperation({
    summary:
      'Changes the file format. By default, the result has the format of the original, but a HEIC becomes a JPEG, because Darkroom does not write HEIC. `auto` chooses by the content of the image: WebP for animations and transparent photographs, JPEG for other photographs, PNG for drawings; still WebP, AVIF and TIFFs of several pages keep their format',
    form: 'format:<type>[:quality]',
    example: 'format:webp:80',
    properties: {
      type: Type.Enum([...outputFormats, 'auto']),
      quality: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: 100,
          description: 'For JPEG, WebP and AVIF; a TIFF with a quality contains JPEG of 8 bits',
        }),
      ),
    },
    parse: text => {
      const [type, quality, ...others] = text.split(':')
      if (others.length > 0)
        throw new InvalidOperations(`it takes a format and a quality, not ":${others.join(':')}"`)
      return { ...optional('type', type ?? ''), ...number('quality', quality) }
    },
  }),
}
