import sharp from 'sharp'

/**
 * Lets libvips read only the supported formats, whatever an image claims to be: not SVG, PDF or any other
 * format that can load more files. This applies to the whole process, so only the first of its threads does it: for a
 * moment, libvips reads nothing, and would refuse the image of another thread.
 *
 * @param isDone a number that all threads share; 0 at first
 */
export function allowOnlyOurLoaders(isDone: Int32Array = new Int32Array(1)): void {
  if (Atomics.exchange(isDone, 0, 1) !== 0) return
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
