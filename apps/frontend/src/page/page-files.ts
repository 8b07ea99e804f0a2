import { hash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import type { Logger } from '@darkroom/service-kit'

/** A file of the page, as it was built, with its compressed forms. */
export interface PageFile {
  contentType: string
  etag: string
  /** The name contains a hash of the content. */
  isImmutable: boolean
  bytes: Buffer
  br?: Buffer
  gzip?: Buffer
}

/** By path, such as `index.html` and `assets/index-C9nL1Bw-.js`. */
export type PageFiles = ReadonlyMap<string, PageFile>

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.webp': 'image/webp',
}

/** Reads the built page into memory, about 300 KB. If it was not built, logs a warning and returns undefined. */
export async function loadPageFiles(folder: string, logger: Logger): Promise<PageFiles | undefined> {
  const names = await readdir(folder, { recursive: true }).catch(() => [])
  const own = names.filter(name => Object.hasOwn(contentTypes, extname(name)))
  if (!own.includes('index.html')) {
    logger.warn({ folder }, 'the page was not built, so only the API is served; npm install builds the page')
    return undefined
  }
  const entries = own.map(async name => [name, await readPageFile(folder, name, names)] as const)
  return new Map(await Promise.all(entries))
}

async function readPageFile(folder: string, name: string, names: readonly string[]): Promise<PageFile> {
  const path = join(folder, name)
  const bytes = await readFile(path)
  return {
    contentType: contentTypes[extname(name)] ?? 'application/octet-stream',
    etag: `"${hash('sha256', bytes, 'base64url').slice(0, 22)}"`,
    isImmutable: name.startsWith('assets/'),
    bytes,
    ...(names.includes(`${name}.br`) && { br: await readFile(`${path}.br`) }),
    ...(names.includes(`${name}.gz`) && { gzip: await readFile(`${path}.gz`) }),
  }
}
