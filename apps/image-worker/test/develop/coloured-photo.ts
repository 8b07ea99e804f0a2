import sharp from 'sharp'

export const size = { width: 96, height: 64 }
export const photo = () => sharp(colours, { raw: { ...size, channels: 3 } })

/** Far from grey, where profiles differ most, and so smooth that encoding loses little. */
export const colours = Uint8Array.from({ length: size.width * size.height * 3 }, (_, at) => {
  const [x, y] = [Math.floor(at / 3) % size.width, Math.floor(at / 3 / size.width)]
  const across = Math.round((255 * x) / (size.width - 1))
  return [across, Math.round((255 * y) / (size.height - 1)), 255 - across][at % 3] ?? 0
})
