import sharp from 'sharp'

/**
 * Lets libvips read the formats that we take and no others, whatever an image claims to be: no SVG, PDF or
 * anything else that can reach out. Holds for the whole process.
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
