import type { Operation } from '@darkroom/contracts'
import { operations as forms } from './operations.ts'

const maxSide = 640

interface SmallVersion {
  image: Blob
  /** How many of its pixels correspond to one pixel of the file. */
  scale: number
  /** Whether this browser can show it. */
  isShown: boolean
}

/** A small version of an image for a quick try; the file itself if this browser can't decode or draw it. */
export async function smallVersion(file: File): Promise<SmallVersion> {
  try {
    const full = await createImageBitmap(file)
    const scale = Math.min(1, maxSide / Math.max(full.width, full.height))
    const canvas = document.createElement('canvas')
    canvas.width = Math.max(1, Math.round(full.width * scale))
    canvas.height = Math.max(1, Math.round(full.height * scale))
    const context = canvas.getContext('2d')
    if (!context || !isBlank(context)) throw new Error('the canvas can only be shown')
    context.drawImage(full, 0, 0, canvas.width, canvas.height)
    full.close()
    const image = await new Promise<Blob>((resolve, reject) =>
      canvas.toBlob(blob => (blob ? resolve(blob) : reject(new Error('nothing to draw'))), 'image/png'),
    )
    return { image, scale, isShown: true }
  } catch {
    return { image: file, scale: 1, isShown: false } // the server decodes more formats than the browser
  }
}

/** False before anything is drawn in browsers that return noise so that no device is recognised, such as Tor Browser. */
function isBlank(context: CanvasRenderingContext2D): boolean {
  return context.getImageData(0, 0, 8, 8).data.every(value => value < 16)
}

/** Arguments that count pixels of the image. */
const lengths = new Set([
  ...['width', 'height', 'left', 'top', 'right', 'bottom'],
  ...['radius', 'size', 'sigma'],
])

/** The operations for a small version, whose result looks like the result of the file. */
export function scaledOperations(list: readonly Operation[], scale: number): Operation[] {
  return list.map(operation => {
    const schemas = new Map(forms.peek().find(({ name }) => name === operation.name)?.arguments)
    const entries = Object.entries(operation).map(([argument, value]) => {
      if (!lengths.has(argument) || typeof value !== 'number') return [argument, value]
      const { type, minimum = 0, maximum = value } = schemas.get(argument) ?? {}
      const isRefused = value < minimum || value > maximum || (type === 'integer' && !Number.isInteger(value))
      if (isRefused) return [argument, value] // the server explains it, as it would for the file
      const scaled = value * scale
      return [argument, Math.max(minimum, type === 'integer' ? Math.round(scaled) : scaled)]
    })
    return Object.fromEntries(entries)
  })
}
