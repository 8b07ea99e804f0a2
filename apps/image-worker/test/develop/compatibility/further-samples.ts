import assert from 'node:assert/strict'
import { bytesSource, readImageHeader } from '@darkroom/image-header'
import sharp from 'sharp'
import type { RowName } from '../../../scripts/compatibility/table.ts'
import { codingOf, jpegSampling } from './features.ts'
import { animatedGif, commentedPng, deep, fixture, graded, photo } from './pictures.ts'
import { carried, tiffWithAll } from './pictures-with-metadata.ts'
import { type Sample, samples } from './samples.ts'

/** More originals for features that rows name. They are compared with the same cells. */
export const furtherSamples: [RowName, Sample][] = [
  ['transparency', { ...samples.transparency, file: await graded().webp({ lossless: true }).toBuffer() }],
  ['transparency', { ...samples.transparency, file: await graded().tiff({ compression: 'lzw' }).toBuffer() }],
  ['transparency', { ...samples.transparency, file: await graded().avif({ quality: 90 }).toBuffer() }],
  ['deep', { ...samples.deep, file: await deep().tiff({ compression: 'lzw' }).toBuffer() }],
  ['grey', { ...samples.grey, file: await photo().greyscale().toColourspace('b-w').jpeg().toBuffer() }],
  ['grey', { ...samples.grey, file: await photo().greyscale().toColourspace('b-w').tiff().toBuffer() }],
  [
    'animation',
    {
      ...samples.animation,
      file: await sharp(await animatedGif(), { pages: -1 })
        .webp({ lossless: true })
        .toBuffer(),
    },
  ],
  ['profile', { ...samples.profile, file: await photo().withIccProfile('p3').png().toBuffer() }],
  ['profile', { ...samples.profile, file: await photo().withIccProfile('p3').webp().toBuffer() }],
  [
    'profile',
    { ...samples.profile, file: await photo().withIccProfile('p3').tiff({ compression: 'lzw' }).toBuffer() },
  ],
  ['profile', { ...samples.profile, file: await photo().withIccProfile('p3').avif().toBuffer() }],
  [
    'cmyk',
    { ...samples.cmyk, file: await photo().toColourspace('cmyk').tiff({ compression: 'lzw' }).toBuffer() },
  ],
  ['sampling', { file: await photo().jpeg({ chromaSubsampling: '4:4:4' }).toBuffer(), see: jpegSampling }],
  ['sampling', { file: await photo().jpeg({ chromaSubsampling: '4:2:0' }).toBuffer(), see: jpegSampling }],
  [
    'quality',
    {
      file: await photo().avif({ quality: 40 }).toBuffer(),
      see: async bytes => (await codingOf(bytes)).quantiser,
    },
  ],
  [
    'lossless',
    { file: await fixture('avif/lossless.avif'), see: async bytes => (await codingOf(bytes)).isLossless },
  ],
  ['progressive', { ...samples.progressive, file: await photo().png({ progressive: true }).toBuffer() }],
  [
    'progressive',
    {
      ...samples.progressive,
      file: await photo().gif({ progressive: true }).toBuffer(),
      see: async bytes => (await readImageHeader(bytesSource(bytes))).progressive,
    },
  ],
  ...(['png', 'webp', 'tiff', 'avif'] as const).flatMap(name => {
    const file = name === 'tiff' ? tiffWithAll : (carried[name] ?? assert.fail())
    return [
      ['metadata', { ...samples.metadata, file }],
      ['exif', { ...samples.exif, file }],
      ['xmp', { ...samples.xmp, file }],
      ['bytesBehind', { ...samples.bytesBehind, file: Buffer.concat([file, Buffer.from('a second file')]) }],
    ] as [RowName, Sample][]
  }),
  [
    'bytesBehind',
    {
      ...samples.bytesBehind,
      file: Buffer.concat([carried.gif ?? assert.fail(), Buffer.from('a second file')]),
    },
  ],
  ['comments', { ...samples.comments, file: await commentedPng() }],
]
