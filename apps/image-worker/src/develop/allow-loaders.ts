import sharp from 'sharp'

/**
 * Lets libvips read only the supported formats, independent of what an image claims to be: not SVG, PDF or any other
 * format that can load more files. Applies to the whole process.
 */
export function allowOnlyOurLoaders(): void {
  sharp.block({ operation: ['VipsForeignLoad'] })
  sharp.unblock({
    operation: [
      'VipsForeignLoadHeifBuffer',
      'VipsForeignLoadJpegBuffer',
      'VipsForeignLoadNsgifBuffer',
      'VipsForeignLoadPngBuffer',
      'VipsForeignLoadTiffBuffer',
      'VipsForeignLoadWebpBuffer',
    ],
  })
}
