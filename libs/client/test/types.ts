import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { type Darkroom, type ListQuery, type Source, verifyWebhook } from '../src/index.ts'

/** Code as applications write it in TypeScript. The compiler checks it; it is never run. */

export const sources: Source[] = [
  Buffer.from('bytes'),
  [new Uint8Array(1)],
  new Set([new Uint8Array(1)]),
  Readable.from([new Uint8Array(1)]),
  createReadStream('photo.jpg'),
  new Blob([]).stream(),
]

export async function listAll(darkroom: Darkroom, state: ListQuery['state']): Promise<void> {
  let cursor: string | undefined
  do {
    const page = await darkroom.list({ state, cursor })
    cursor = page.next
  } while (cursor !== undefined)
}

export async function copyPresets(from: Darkroom, to: Darkroom): Promise<void> {
  const { presets } = await from.presets()
  for (const preset of presets) await to.putPreset(preset.name, preset)
}

export async function blobOf(darkroom: Darkroom, id: string): Promise<Blob> {
  const { result } = await darkroom.waitFor(id)
  return new Blob(result ? [await result.bytes()] : [])
}

export async function idOfWebhook(request: Request): Promise<string> {
  const webhook = await verifyWebhook(await request.text(), request.headers, process.env.WEBHOOK_SECRET)
  return webhook.data.id
}

export async function shareLargest(darkroom: Darkroom, id: string): Promise<string | undefined> {
  const { token, maxBytes } = await darkroom.createGrant({ images: 3, variants: { small: 'resize:200x' } })
  const { links } = await darkroom.createLinks(id)
  return maxBytes === undefined ? (links.variants?.large ?? links.result) : token
}
