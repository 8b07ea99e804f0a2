import type { ChannelOrder } from '@darkroom/contracts'
import { contentTypeOf, type ImageHeader } from '@darkroom/image-header'
import sharp, { type Matrix3x3, type Metadata, type Sharp, type SharpOptions } from 'sharp'
import { sourceChannels } from '../permute/channel-order.ts'
import type { Developed } from '../thread/work-loop.ts'
import type { DevelopLimits } from './develop.ts'
import { permuteDeep } from './permute-deep.ts'
import { UnusableImage } from './unusable-image.ts'

/** Decodes, permutes and encodes with sharp. */
export async function runPipeline(
  input: Uint8Array,
  header: ImageHeader,
  order: ChannelOrder,
  limits: DevelopLimits,
): Promise<Developed> {
  try {
    const options: SharpOptions = {
      pages: header.frames > 1 ? -1 : 1,
      limitInputPixels: limits.maxPixels,
      failOn: 'warning',
    }
    const image = sharp(input, options)
    const metadata = await image.metadata()
    const openDeep = () =>
      sharp(input, { ...options, ignoreIcc: true })
        .autoOrient()
        .keepIccProfile()
        .toColourspace('rgb16')
    const permuted = isDeepColour(metadata, header)
      ? await permuteDeep(openDeep, order)
      : permute(image.autoOrient().keepIccProfile(), metadata, order)
    const developed = encode(permuted, header, metadata)
    const { data, info } = await developed
      .timeout({ seconds: Math.ceil(limits.processingMs / 1000) })
      .toBuffer({ resolveWithObject: true })
    const height = info.pages ? info.height / info.pages : info.height
    const facts = {
      contentType: contentTypeOf(header.format),
      width: info.width,
      height,
      frames: info.pages ?? 1,
    }
    return { bytes: data, facts }
  } catch (error) {
    throw new UnusableImage('undecodable-image', wordsOf(error), { cause: error })
  }
}

function isDeepColour({ channels, depth, space }: Metadata, { lossless }: ImageHeader): boolean {
  return lossless && depth === 'ushort' && channels >= 3 && space !== 'cmyk'
}

function permute(image: Sharp, { channels, depth, space }: Metadata, order: ChannelOrder): Sharp {
  const isGrey = channels < 3
  const deep = depth === 'ushort' ? image.toColourspace(isGrey ? 'grey16' : 'rgb16') : image
  if (isGrey) return deep.toColourspace(depth === 'ushort' ? 'grey16' : 'b-w')
  const permuted = (space === 'cmyk' ? deep.toColourspace('srgb') : deep).recomb(matrixOf(order))
  return depth === 'uchar' ? inBytes(permuted, space === 'cmyk' ? channels - 1 : channels) : permuted
}

/** Recombined samples are floats, which TIFF would keep; a linear function of all channels makes them bytes. */
function inBytes(image: Sharp, channels: number): Sharp {
  return image.linear(new Array(channels).fill(1), new Array(channels).fill(0))
}

function matrixOf(order: ChannelOrder): Matrix3x3 {
  const row = (source: number) => [0, 1, 2].map(channel => (channel === source ? 1 : 0))
  return sourceChannels(order).map(row) as Matrix3x3
}

/** In the original's format, the way the original was encoded as far as that can be seen. */
function encode(image: Sharp, { format, lossless }: ImageHeader, metadata: Metadata): Sharp {
  const { chromaSubsampling, isProgressive: progressive } = metadata
  switch (format) {
    case 'jpeg':
      return image.jpeg({
        quality: 90,
        progressive,
        chromaSubsampling: chromaSubsampling?.startsWith('4:2') ? '4:2:0' : '4:4:4',
      })
    case 'png':
      return image.png({ progressive, palette: metadata.isPalette ?? false })
    case 'webp':
      // Of lossless WebP, quality is the effort: 100 takes eight times as long as 75, for no fewer bytes.
      return image.webp({ lossless, quality: lossless ? 75 : 85 })
    case 'gif':
      return image.gif({ progressive })
    case 'tiff':
      return image.tiff(
        lossless ? { compression: 'deflate', predictor: 'horizontal' } : { compression: 'jpeg', quality: 90 },
      )
    case 'avif':
      return image.avif({ quality: 65, chromaSubsampling: chromaSubsampling ?? '4:2:0' })
  }
}

function wordsOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.replaceAll(/\s+/g, ' ').trim()
}
