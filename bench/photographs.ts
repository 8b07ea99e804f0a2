import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'

/** The folder of Debian's package mate-backgrounds. */
const photographFolder = process.env.PHOTOS ?? '/usr/share/backgrounds'

const maxBytes = 4 * 1024 * 1024

interface Photograph {
  /** The path of the file, or a description of the generated picture. */
  name: string
  bytes: Buffer
}

/** JPEG photographs of up to 4 MiB from PHOTOS; if there are none, generated pictures of 6 megapixels. */
export async function loadPhotographs(): Promise<Photograph[]> {
  const paths = await findJpegs(photographFolder)
  if (paths.length > 0) {
    return Promise.all(paths.map(async path => ({ name: path, bytes: await readFile(path) })))
  }
  return [{ name: 'generated, 3000 x 2000', bytes: await generatePhotograph(3000, 2000) }]
}

/** `count` photographs, distributed evenly over the folder. */
export async function pickPhotographs(count: number): Promise<Photograph[]> {
  const all = await loadPhotographs()
  const picked = Array.from({ length: count }, (_, at) => all[Math.floor((at * all.length) / count)])
  return [...new Set(picked)].filter(photograph => photograph !== undefined)
}

async function findJpegs(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true }).catch(() => [])
  const found: string[] = []
  for (const name of names.filter(name => /\.jpe?g$/i.test(name)).sort()) {
    const path = join(folder, name)
    if ((await stat(path)).size <= maxBytes) found.push(path)
  }
  return found
}

/** Soft shapes and some grain, which compress like a photograph. */
async function generatePhotograph(width: number, height: number): Promise<Buffer> {
  const noise = sharp({
    create: {
      width,
      height,
      channels: 3,
      background: '#808080',
      noise: { type: 'gaussian', mean: 128, sigma: 40 },
    },
  })
  return sharp(await noise.blur(6).png().toBuffer())
    .modulate({ saturation: 2 })
    .jpeg({ quality: 88 })
    .toBuffer()
}
