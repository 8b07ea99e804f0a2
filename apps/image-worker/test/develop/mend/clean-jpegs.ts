import { readFile } from 'node:fs/promises'
import { generatedPhoto } from '../../generated-photo.ts'

/** Written by cjpeg; the other files by sharp. */
const fileNames = [
  'restarts',
  'restarts-of-rows',
  'grey-restarts',
  '3x2',
  'two-scans',
  'scan-by-scan',
  'progressive-restarts',
  'arithmetic',
  'arithmetic-restarts',
] as const

/** Well-formed JPEGs of every accepted kind. */
export async function cleanJpegs(): Promise<Map<string, Buffer>> {
  const [width, height] = [61, 43]
  const picture = () => generatedPhoto({ width, height, seed: 6 })
  const written = {
    baseline: picture().jpeg(),
    progressive: picture().jpeg({ progressive: true }),
    cmyk: picture().toColourspace('cmyk').jpeg(),
    'with EXIF': picture()
      .withExif({ IFD0: { Artist: 'Ada' } })
      .jpeg({ chromaSubsampling: '4:4:4' }),
  }
  const files = new Map<string, Buffer>()
  for (const [name, image] of Object.entries(written)) files.set(name, await image.toBuffer())
  for (const name of fileNames)
    files.set(name, await readFile(new URL(`clean/${name}.jpeg`, import.meta.url)))
  return files
}
