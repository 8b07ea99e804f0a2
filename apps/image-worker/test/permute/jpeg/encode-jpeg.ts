import { photograph } from '@darkroom/testing'
import sharp from 'sharp'
import { noiseBytes } from '../pictures.ts'

export interface JpegKind {
  width: number
  height: number
  isNoise: boolean
  isGrey?: boolean
  quality: number
  chromaSubsampling: string
  optimiseCoding?: boolean
}

/** Makes a JPEG of noise or of a photograph. The same kind gives the same file. */
export async function encodeJpeg({ width, height, isNoise, isGrey, ...options }: JpegKind): Promise<Buffer> {
  const pixels = isNoise ? noiseBytes(width * height * 3, width) : photograph({ width, height, seed: 4 })
  const image = sharp(pixels, { raw: { width, height, channels: 3 } })
  return (isGrey ? image.toColourspace('b-w') : image).jpeg(options).toBuffer()
}
