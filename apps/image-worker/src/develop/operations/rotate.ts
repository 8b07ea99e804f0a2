import { throughSharpOnWhite } from '../raster.ts'
import { expectFits } from './expect-fits.ts'
import { onPixels } from './operation-kind.ts'

export const rotate = onPixels<'rotate'>((frame, { angle }, maxPixels) => {
  const radians = (angle * Math.PI) / 180
  const [sine, cosine] = [Math.abs(Math.sin(radians)), Math.abs(Math.cos(radians))]
  const width = Math.floor(frame.width * cosine + frame.height * sine)
  const height = Math.floor(frame.width * sine + frame.height * cosine)
  expectFits({ width, height }, maxPixels)
  return throughSharpOnWhite(frame, (image, background) => image.rotate(angle, { background }))
})
