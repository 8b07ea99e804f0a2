import { mkdir, writeFile } from 'node:fs/promises'
import { operationNames, operationTable, parseOperations } from '@darkroom/contracts'
import sharp from 'sharp'
import { develop } from '../src/develop/develop.ts'
import { compatibilityPage } from './compatibility-page.ts'
import { operationsPage } from './operations-page.ts'

const docs = new URL('../../../docs/', import.meta.url)
const pictures = new URL('operations/', docs)
const limits = { maxPixels: 1_000_000, maxUnpackedBytes: 10_000_000, processingMs: 60_000 }

/** A small landscape with clear colours, edges and gradients, on which the effect of every operation is visible. */
const landscape = Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="300" height="200">
  <defs>
    <linearGradient id="sky" x2="0" y2="1"><stop stop-color="#2a6fd0"/><stop offset="1" stop-color="#fbd9a5"/></linearGradient>
    <linearGradient id="sea" x2="0" y2="1"><stop stop-color="#e8a860"/><stop offset="1" stop-color="#0c4a6e"/></linearGradient>
  </defs>
  <rect width="300" height="200" fill="url(#sky)"/>
  <circle cx="215" cy="92" r="24" fill="#ff5a36"/>
  <rect y="118" width="300" height="82" fill="url(#sea)"/>
  <path d="M0 122 L48 62 L84 100 L112 76 L160 122 Z" fill="#3d5a3e"/>
  <path d="M48 62 L60 75 L47 83 L38 75 Z M112 76 L122 86 L111 90 L104 83 Z" fill="#f4f4f0"/>
  <path d="M196 150 h46 l-9 13 h-28 Z" fill="#7a1f1f"/><path d="M218 148 v-38 l20 32 Z" fill="#fffbe8"/>
</svg>`)

await mkdir(pictures, { recursive: true })
const before = await sharp(landscape).removeAlpha().png().toBuffer()
await savePicture('before', before)
for (const name of operationNames) {
  const { bytes } = await develop(before, parseOperations(operationTable[name].example), limits)
  await savePicture(name, bytes)
}
await writeFile(new URL('operations.md', docs), operationsPage())
await writeFile(new URL('compatibility.md', docs), compatibilityPage())

async function savePicture(name: string, bytes: Uint8Array): Promise<void> {
  await sharp(bytes)
    .webp({ quality: 85 })
    .toFile(new URL(`${name}.webp`, pictures).pathname)
}
