import sharp, { type Raw, type Sharp } from 'sharp'

/** A small noisy image; noise keeps encoders from taking shortcuts. */
export function noise(width: number, height: number, channels: Raw['channels'], bits: 8 | 16 = 8): Sharp {
  const samples = Array.from(
    { length: width * height * channels },
    (_, index) => (index * 7919 + 13) % 65_521,
  )
  const data = bits === 16 ? new Uint16Array(samples) : new Uint8Array(samples)
  const space = channels < 3 ? 'b-w' : 'srgb'
  const space16 = channels < 3 ? 'grey16' : 'rgb16'
  return sharp(data, { raw: { width, height, channels } }).toColourspace(bits === 16 ? space16 : space)
}

/** Different frames of one size, stacked from top to bottom as in libvips. */
export function animation(frames: number, channels: Raw['channels'] = 3, width = 10, height = 8): Sharp {
  const samples = Uint8Array.from(
    { length: width * height * frames * channels },
    (_, index) => (index * 31) % 256,
  )
  return sharp(samples, { raw: { width, height: height * frames, channels, pageHeight: height } })
}

export interface Sample {
  name: string
  bytes: Uint8Array
}

/** One small valid file of every kind that the library distinguishes, written by sharp. */
export async function sampleImages(): Promise<Sample[]> {
  const samples: Promise<Sample>[] = []
  const add = (name: string, image: Sharp) =>
    samples.push(image.toBuffer().then(bytes => ({ name, bytes: new Uint8Array(bytes) })))

  for (const channels of [1, 2, 3, 4] as const) {
    for (const bits of [8, 16] as const)
      for (const progressive of [false, true])
        add(
          `PNG, ${channels} x ${bits} bit${progressive ? ', interlaced' : ''}`,
          noise(17, 12, channels, bits).png({ progressive }),
        )
    for (const bits of [8, 16] as const)
      add(`TIFF, ${channels} x ${bits} bit`, noise(17, 12, channels, bits).tiff({ compression: 'deflate' }))
    for (const lossless of [false, true])
      add(
        `WebP, ${channels} channels${lossless ? ', lossless' : ''}`,
        noise(17, 12, channels).webp({ lossless }),
      )
    for (const bitdepth of [8, 10, 12] as const)
      add(`AVIF, ${channels} x ${bitdepth} bit`, noise(17, 12, channels).avif({ bitdepth, effort: 0 }))
    for (const progressive of [false, true])
      add(
        `GIF from ${channels} channels${progressive ? ', interlaced' : ''}`,
        noise(17, 12, channels).gif({ progressive }),
      )
  }
  for (const colours of [2, 4, 16, 256])
    for (const channels of [3, 4] as const)
      add(
        `PNG, palette of ${colours}, from ${channels}`,
        noise(17, 12, channels).png({ palette: true, colours }),
      )
  for (const progressive of [false, true]) {
    add(`JPEG, grey, progressive ${progressive}`, noise(17, 12, 1).toColourspace('b-w').jpeg({ progressive }))
    add(`JPEG, progressive ${progressive}`, noise(17, 12, 3).jpeg({ progressive }))
    add(
      `JPEG, CMYK, progressive ${progressive}`,
      noise(17, 12, 3).toColourspace('cmyk').jpeg({ progressive }),
    )
  }
  for (const compression of ['none', 'jpeg', 'deflate', 'packbits', 'lzw', 'webp'] as const)
    for (const tile of [false, true])
      add(
        `TIFF, ${compression}${tile ? ', tiled' : ''}`,
        noise(70, 50, 3).tiff({ compression, tile, tileWidth: 32, tileHeight: 32 }),
      )
  add('TIFF, CMYK', noise(17, 12, 3).toColourspace('cmyk').tiff({ compression: 'lzw' }))
  add('TIFF, CCITT', noise(17, 12, 1).tiff({ compression: 'ccittfax4', bitdepth: 1 }))
  for (const bitdepth of [1, 2, 4] as const)
    add(`TIFF, grey of ${bitdepth} bit`, noise(17, 12, 1).tiff({ compression: 'none', bitdepth }))
  add('BigTIFF', noise(17, 12, 3).tiff({ compression: 'none', bigtiff: true }))
  for (const frames of [2, 7]) {
    for (const channels of [3, 4] as const) {
      add(`GIF, ${frames} frames of ${channels}`, animation(frames, channels).gif())
      add(`WebP, ${frames} frames of ${channels}`, animation(frames, channels).webp())
      add(
        `WebP, ${frames} frames of ${channels}, lossless`,
        animation(frames, channels).webp({ lossless: true }),
      )
      add(`TIFF, ${frames} pages of ${channels}`, animation(frames, channels).tiff({ compression: 'lzw' }))
    }
  }
  for (let orientation = 1; orientation <= 8; orientation++)
    for (const format of ['jpeg', 'png', 'webp', 'tiff', 'avif'] as const)
      add(
        `${format}, orientation ${orientation}`,
        noise(17, 12, 3).withMetadata({ orientation }).toFormat(format),
      )
  return Promise.all(samples)
}
