import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import sharp from 'sharp'
import { acrossFrames, everyOperation } from './every-operation.ts'
import { assertSame, drawn, type Inspected, inspect, inspectResult, meanError } from './inspect.ts'
import { drawing, type Raster, rasterFrom, rasterOf, rasters } from './rasters.ts'
import { bytesOf, run } from './run.ts'

/** Every letter another colour, so that a picture is read at a glance. */
const colours: Readonly<Record<string, string>> = {
  a: 'ff0000', b: '00ff00', c: '0000ff', d: 'ffff00', e: 'ff00ff', f: '00ffff', w: 'ffffff', k: '000000',
} // biome-ignore format: a table

async function pngOf(letters: readonly string[], suffix = '', bits: 8 | 16 = 8): Promise<Uint8Array> {
  const rows = letters.map(row =>
    [...row].map(letter => inBits(colours[letter] ?? '', bits) + suffix).join(' '),
  )
  return drawing(rasterFrom(rows, bits)).png().toBuffer()
}

function inBits(hex: string, bits: 8 | 16): string {
  return bits === 8 ? hex : hex.replaceAll(/../g, '$&$&')
}

async function assertDraws(file: Uint8Array, operations: string, letters: readonly string[]): Promise<void> {
  const result = await inspectResult(await run(file, operations))
  const names = new Map(Object.entries(colours).map(([letter, hex]) => [hex, letter]))
  const read = drawn(result).map(row =>
    row
      .split(' ')
      .map(
        pixel =>
          names.get(result.isDeep ? pixel.replaceAll(/(..)../g, '$1').slice(0, 6) : pixel.slice(0, 6)) ?? '?',
      )
      .join(''),
  )
  assert.deepEqual(read, letters, operations)
}

test('pictures are mirrored and turned by right angles to the pixel, in 8 and 16 bits, with transparency', async () => {
  const picture = ['abc', 'def']
  const turned = {
    flip: ['def', 'abc'],
    flop: ['cba', 'fed'],
    'rotate:90': ['da', 'eb', 'fc'],
    'rotate:-90': ['cf', 'be', 'ad'],
    'rotate:270': ['cf', 'be', 'ad'],
    'rotate:180': ['fed', 'cba'],
    'rotate:-180': ['fed', 'cba'],
    'rotate:0': picture,
    'rotate:360': picture,
  }
  for (const file of [await pngOf(picture), await pngOf(picture, '80'), await pngOf(picture, '', 16)]) {
    for (const [operation, letters] of Object.entries(turned)) await assertDraws(file, operation, letters)
  }
})

test('what a rotation uncovers is white, or transparent where it can be', async () => {
  for (const [suffix, corner] of [
    ['', 'ffffffff'],
    ['ff', '00000000'],
  ]) {
    const result = await inspectResult(
      await run(await pngOf(new Array(9).fill('a'.repeat(9)), suffix), 'rotate:45'),
    )
    assert.deepEqual([result.width > 11, drawn(result)[0]?.slice(0, 8)], [true, corner])
  }
  const deep = await inspectResult(
    await run(await pngOf(new Array(9).fill('a'.repeat(9)), '', 16), 'rotate:45'),
  )
  assert.equal(drawn(deep)[0]?.slice(0, 16), 'ffffffffffffffff')
})

test('a crop is of the middle or from where it is told, is cut at the edges, and refused beyond them', async () => {
  const file = await pngOf(['abcd', 'efwk', 'dcba'])
  await assertDraws(file, 'crop:2x1', ['fw'])
  await assertDraws(file, 'crop:2x2+1+1', ['fw', 'cb'])
  await assertDraws(file, 'crop:9x9+2+1', ['wk', 'ba'])
  await assertDraws(file, 'crop:9x9', ['abcd', 'efwk', 'dcba'])
  await assertDraws(file, 'crop:1x1+3+2', ['a'])
  for (const [place, words] of [
    ['4+0', '4,0'],
    ['0+3', '0,3'],
    ['500+500', '500,500'],
  ]) {
    await assert.rejects(run(file, `crop:1x1+${place}`), {
      code: 'crop-outside',
      message: `the rectangle to cut out begins at ${words}; the image has 4 x 3 pixels`,
    })
  }
})

test('each fit gives its size, and nothing is enlarged unless that is asked for', async () => {
  const raster = rasterOf({ width: 40, height: 20, frames: 1, channels: 3, bits: 8, seed: 1 })
  const file = await drawing(raster).png().toBuffer()
  const sizes = {
    'resize:10x10': [10, 5],
    'resize:10x10:inside': [10, 5],
    'resize:10x10:outside': [20, 10],
    'resize:10x10:cover': [10, 10],
    'resize:10x10:contain': [10, 10],
    'resize:10x10:fill': [10, 10],
    'resize:10x': [10, 5],
    'resize:x10': [20, 10],
    'resize:80x80': [40, 20],
    'resize:80x': [40, 20],
    'resize:80x80:outside': [40, 20],
    'resize:80x80:fill': [40, 20],
    'resize:80x80:enlarge': [80, 40],
    'resize:80x80:outside:enlarge': [160, 80],
    'resize:80x80:cover:enlarge': [80, 80],
    'resize:80x80:contain:enlarge': [80, 80],
    'resize:80x80:fill:enlarge': [80, 80],
    'resize:1x1': [1, 1],
  }
  for (const [operation, size] of Object.entries(sizes)) {
    const { width, height } = await inspectResult(await run(file, operation))
    assert.deepEqual([width, height], size, operation)
  }
})

test('a resize keeps the picture: areas of one colour stay so, cover cuts the sides, contain pads them', async () => {
  const halves = new Array(8).fill(`${'a'.repeat(8)}${'c'.repeat(8)}`)
  const file = await pngOf(halves)
  const small = drawn(await inspectResult(await run(file, 'resize:4x2')))
  for (const row of small) assert.deepEqual([row.slice(0, 8), row.slice(-8)], ['ff0000ff', '0000ffff'])
  const cover = drawn(await inspectResult(await run(file, 'resize:2x2:cover')))
  for (const row of cover) assert.match(row, /^[ef].0.0.ff 0.0.[ef].ff$/)
  for (const [suffix, bits, white] of [
    ['', 8, 'ffffffff'],
    ['80', 8, '00000000'],
    ['', 16, 'f'.repeat(16)],
  ] as const) {
    const contained = await inspectResult(await run(await pngOf(halves, suffix, bits), 'resize:8x8:contain'))
    const [first, middle] = [drawn(contained)[0], drawn(contained)[4]]
    assert.ok(
      first?.split(' ').every(pixel => pixel === white),
      first,
    )
    assert.equal(middle?.slice(0, bits / 4), 'f'.repeat(bits / 4))
  }
})

test('resizing is what sharp does with the whole picture, to a rounding', async () => {
  await fc.assert(
    fc.asyncProperty(
      rasters({ channels: [1, 3] }),
      fc.integer({ min: 1, max: 24 }),
      async (raster, width) => {
        const file = await drawing(raster).png().toBuffer()
        const reference = await sharp(file)
          .toColourspace(raster.bits === 16 ? 'rgb16' : 'srgb')
          .resize({ width, withoutEnlargement: true })
          .png()
          .toBuffer()
        const result = await inspectResult(await run(file, `resize:${width}x`))
        assert.ok(meanError({ ...result, isGrey: false }, await inspect(reference)) <= 1)
      },
    ),
    { numRuns: 40 },
  )
})

test('an inverse is the largest sample less each, of all depths; transparency stays', async () => {
  await fc.assert(
    fc.asyncProperty(rasters(), async raster => {
      const file = await drawing(raster).png().toBuffer()
      const before = await inspect(file)
      const largest = 2 ** raster.bits - 1
      const samples = before.samples.map((sample, at) => (at % 4 === 3 ? sample : largest - sample))
      assertSame(await inspectResult(await run(file, 'invert')), { ...before, samples })
      assertSame(await inspectResult(await run(file, 'invert,invert')), before)
    }),
    { numRuns: 60 },
  )
})

test('greyscale is of the luminance that sRGB has; grey stays as it is, and so does transparency', async () => {
  await fc.assert(
    fc.asyncProperty(rasters(), async raster => {
      const file = await drawing(raster).png().toBuffer()
      const before = await inspect(file)
      const after = await inspectResult(await run(file, 'greyscale'))
      assert.equal(after.isGrey, true)
      assert.equal(after.isDeep, before.isDeep)
      if (before.isGrey) return assertSame(after, before)
      const scale = raster.bits === 16 ? 257 : 1
      for (let at = 0; at < before.samples.length; at += 4) {
        const [red = 0, green = 0, blue = 0, alpha] = before.samples.subarray(at, at + 4)
        const grey = after.samples[at] ?? 0
        assert.equal(after.samples[at + 3], alpha)
        assert.deepEqual([after.samples[at + 1], after.samples[at + 2]], [grey, grey])
        const expected = greyOf(red / scale, green / scale, blue / scale)
        assert.ok(Math.abs(grey / scale - expected) <= 1.5, `${grey / scale} instead of ${expected}`)
      }
    }),
    { numRuns: 60 },
  )
})

/** IEC 61966-2-1: relative luminance of linear light, back through the curve; 0 to 255. */
function greyOf(red: number, green: number, blue: number): number {
  const linear = (sample: number) =>
    sample / 255 <= 0.04045 ? sample / 255 / 12.92 : ((sample / 255 + 0.055) / 1.055) ** 2.4
  const light = 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
  return 255 * (light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055)
}

test('colours change as they are told: brighter, greyer, turned, tinted', async () => {
  const grey = await pngOf(['w'])
  const half = await drawing(rasterFrom(['804020']))
    .png()
    .toBuffer()
  const pixel = async (operations: string, file: Uint8Array = half) => [
    ...(await inspectResult(await run(file, operations))).samples.subarray(0, 3),
  ]
  const lightness = async (operations: string) => (await pixel(`${operations},greyscale`))[0] ?? 0
  const before = await lightness('brightness:1')
  assert.deepEqual(await pixel('brightness:1'), [0x80, 0x40, 0x20])
  assert.ok((await lightness('brightness:1.5')) > before && (await lightness('brightness:0.5')) < before)
  assert.deepEqual(await pixel('brightness:0', grey), [0, 0, 0])
  assert.deepEqual(await pixel('saturation:1'), [0x80, 0x40, 0x20])
  const [red = 0, green = 0, blue = 0] = await pixel('saturation:0')
  assert.ok(Math.max(red, green, blue) - Math.min(red, green, blue) <= 1)
  assert.deepEqual(await pixel('hue:0'), [0x80, 0x40, 0x20])
  assert.deepEqual(await pixel('hue:360'), [0x80, 0x40, 0x20])
  const [turnedRed = 0, turnedGreen = 0] = await pixel('hue:120')
  assert.ok(turnedGreen > turnedRed)
  assert.deepEqual(await pixel('hue:-240'), await pixel('hue:120'))
  assert.deepEqual(await pixel('brightness:2', grey), [255, 255, 255])
})

test('a tint of grey is in colour, and keeps light and dark apart', async () => {
  for (const bits of [8, 16] as const) {
    const rows = ['40', '80', 'c0'].map(hex => (bits === 8 ? hex : hex + hex))
    const file = await drawing(rasterFrom([rows.join(' ')], bits))
      .png()
      .toBuffer()
    const result = await inspectResult(await run(file, 'tint:e0a060'))
    assert.equal(result.isGrey, false)
    const reds = [0, 4, 8].map(at => result.samples[at] ?? 0)
    const blues = [2, 6, 10].map(at => result.samples[at] ?? 0)
    assert.ok(reds.every((red, index) => red > (blues[index] ?? 0)))
    assert.deepEqual(
      reds.toSorted((one, other) => one - other),
      reds,
    )
  }
})

test('a blur spreads a point evenly, a sharpening steepens an edge; neither moves what is even', async () => {
  const point = ['kkkkk', 'kkkkk', 'kkwkk', 'kkkkk', 'kkkkk']
  const blurred = await inspectResult(await run(await pngOf(point), 'blur:0.8'))
  const at = (x: number, y: number) => blurred.samples[(5 * y + x) * 4] ?? 0
  assert.deepEqual([at(1, 2), at(3, 2), at(2, 1), at(2, 3)], new Array(4).fill(at(1, 2)))
  assert.ok(at(2, 2) > at(1, 2) && at(1, 2) > at(1, 1) && at(2, 2) < 255)
  const even = await drawing(rasterFrom(new Array(9).fill('80604080 80604080 80604080')))
    .png()
    .toBuffer()
  for (const operation of ['blur:2', 'sharpen:1']) {
    assert.ok(meanError(await inspectResult(await run(even, operation)), await inspect(even)) < 1, operation)
  }
  const edge = await drawing(rasterFrom(new Array(8).fill('606060 606060 606060 909090 909090 909090')))
    .png()
    .toBuffer()
  const sharpened = await inspectResult(await run(edge, 'sharpen'))
  assert.ok((sharpened.samples[8] ?? 255) < 0x60 && (sharpened.samples[12] ?? 0) > 0x90)
})

test('16-bit pictures come out of every operation as 8-bit ones do, in 16 bits', async () => {
  for (const channels of [1, 2, 3, 4] as const) {
    const shallow = smooth(channels)
    const deep: Raster = {
      ...shallow,
      bits: 16,
      samples: Uint16Array.from(shallow.samples, sample => sample * 257),
    }
    const [small, large] = [await drawing(shallow).png().toBuffer(), await drawing(deep).png().toBuffer()]
    for (const operation of [...everyOperation, ...acrossFrames]) {
      const expected = await inspectResult(await run(small, operation))
      const result = await inspectResult(await run(large, operation))
      assert.equal(result.isDeep, true, operation)
      assert.equal(result.isGrey, expected.isGrey, operation)
      const off = meanError(inEightBits(result), expected)
      assert.ok(off <= 2, `${operation} on ${channels} channels is off by ${off}`)
    }
  }
})

test('what only colours a picture keeps every bit of its transparency', async () => {
  for (const bits of [8, 16] as const) {
    for (const channels of [2, 4] as const) {
      const raster = rasterOf({ width: 31, height: 17, frames: 1, channels, bits, seed: 3 })
      const file = await drawing(raster).png().toBuffer()
      const before = alphaOf(await inspect(file))
      for (const operation of colouring) {
        const after = alphaOf(await inspectResult(await run(file, operation)))
        assert.deepEqual(after, before, `${operation} on ${channels} channels of ${bits} bits`)
      }
    }
  }
})

test('every operation keeps the levels of a 16-bit ramp apart', async () => {
  const width = 4096
  const ramp = Uint16Array.from({ length: 3 * width }, (_, at) => 16 * Math.floor(at / 3))
  const raster: Raster = { width, height: 1, frames: 1, channels: 3, bits: 16, samples: ramp }
  const file = await drawing(raster).png().toBuffer()
  for (const operation of everyOperation) {
    if (/^(resize|crop|rotate:30|pixelate|round:circle)/.test(operation)) continue
    const { samples } = await inspectResult(await run(file, operation))
    for (let channel = 0; channel < 3; channel++) {
      const levels = new Set(samples.filter((_, at) => at % 4 === channel)).size
      assert.ok(levels > 2000, `${operation} leaves ${levels} levels`)
    }
  }
})

const colouring = [
  'swap-channels:gbr', 'greyscale', 'invert', 'sharpen', 'sharpen:2', 'brightness:1.3', 'saturation:0.5', 'hue:90', 'tint:e0a060',
] // biome-ignore format: a list

function alphaOf({ samples }: Inspected): number[] {
  return [...samples].filter((_, at) => at % 4 === 3)
}

function inEightBits(picture: Inspected): Inspected {
  return {
    ...picture,
    isDeep: false,
    samples: Uint8Array.from(picture.samples, sample => Math.round(sample / 257)),
  }
}

function smooth(channels: Raster['channels'], frames = 1): Raster {
  const [width, height] = [15, 11]
  const samples = Uint8Array.from({ length: width * height * channels * frames }, (_, at) => {
    const [pixel, channel] = [Math.floor(at / channels), at % channels]
    const [x, y] = [pixel % width, Math.floor(pixel / width)]
    if (channels % 2 === 0 && channel === channels - 1) return x < 8 ? 255 : 120
    return 40 + 9 * x + 3 * (y % 11) * channel + 11 * Math.floor(y / 11)
  })
  return { width, height, frames, channels, bits: 8, samples }
}

test('each operation on an animation is the operation on each of its frames, and delays and loop stay', async () => {
  const raster = smooth(4, 3)
  const webp = await drawing(raster)
    .webp({ lossless: true, exact: true, delay: [30, 60, 90], loop: 2 })
    .toBuffer()
  const stills = await Promise.all([0, 1, 2].map(page => sharp(webp, { page }).png().toBuffer()))
  for (const operation of everyOperation) {
    const animated = await inspectResult(await run(webp, operation))
    assert.deepEqual([animated.frames, animated.delays, animated.loop], [3, [30, 60, 90], 2], operation)
    const frames = await Promise.all(stills.map(async still => inspect(await bytesOf(still, operation))))
    const samples = frames.flatMap(frame => [...frame.samples])
    const off = meanError(animated, { ...animated, samples: Uint8Array.from(samples) })
    assert.ok(off === 0, `${operation} is off by ${off}`)
  }
})

test('an animated GIF stays animated through each operation', async () => {
  const gif = await drawing(smooth(3, 4))
    .gif({ delay: [40, 50, 60, 70], loop: 3 })
    .toBuffer()
  for (const operation of [...everyOperation, ...acrossFrames]) {
    const result = await inspectResult(await run(gif, operation))
    assert.deepEqual([result.frames, result.delays, result.loop], [4, [40, 50, 60, 70], 3], operation)
  }
})

test('pages of a TIFF go through each operation', async () => {
  const tiff = await drawing(smooth(3, 3)).tiff({ compression: 'lzw' }).toBuffer()
  for (const operation of [...everyOperation, ...acrossFrames])
    assert.equal((await inspectResult(await run(tiff, operation))).frames, 3)
})

test('steps are done in their order, each on the result of the one before, as tasks one after the other would', async () => {
  const raster = rasterOf({ width: 20, height: 14, frames: 1, channels: 4, bits: 8, seed: 9 })
  const file = await drawing(raster).png().toBuffer()
  const steps = fc.constantFrom(...everyOperation, ...acrossFrames, 'resize:30x30:enlarge')
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { minLength: 2, maxLength: 4 }), async operations => {
      let expected: Uint8Array = file
      for (const operation of operations) expected = await bytesOf(expected, operation)
      const result = await inspectResult(await run(file, operations.join(',')))
      assertSame(result, await inspect(expected), operations.join(','))
    }),
    { numRuns: 40 },
  )
  const [cropped, resized] = ['crop:10x10,resize:5x5', 'resize:5x5,crop:10x10'].map(text => run(file, text))
  assert.notDeepEqual((await cropped)?.facts, (await resized)?.facts)
})
