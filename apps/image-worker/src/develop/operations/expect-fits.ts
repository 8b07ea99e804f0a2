import { UnusableImage } from '../unusable-image.ts'

/** @throws UnusableImage when an operation would make more pixels than allowed */
export function expectFits({ width, height }: { width: number; height: number }, maxPixels: number): void {
  const pixels = width * height
  if (pixels <= maxPixels) return
  throw new UnusableImage(
    'too-many-pixels',
    `an operation makes ${pixels} pixels of the image; at most ${maxPixels} are taken`,
  )
}
