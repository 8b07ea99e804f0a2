import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import process from 'node:process'
import type { Page } from 'playwright-core'

/** One of the docs' pictures. */
export function pictureOf(name: string): Promise<Buffer> {
  return readFile(new URL(`../../../docs/operations/${name}.webp`, import.meta.url))
}

const folder = new URL('../../../docs/page/', import.meta.url)
const maxBytes = 60_000

/** Takes the picture that README and docs show; with PICTURES=write it replaces the committed one. */
export async function savePicture(page: Page, name: string): Promise<void> {
  const session = await page.context().newCDPSession(page)
  const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: 80 })
  const bytes = Buffer.from(data, 'base64')
  assert.ok(bytes.length < maxBytes, `the picture has ${bytes.length} bytes`)
  if (process.env.PICTURES !== 'write') return
  await mkdir(folder, { recursive: true })
  await writeFile(new URL(`${name}.webp`, folder), bytes)
}
