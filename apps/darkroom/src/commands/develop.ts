import { createWriteStream } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { basename, extname, join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileExtensionOf, InvalidOperations, parseOperations } from '@darkroom/contracts'
import { DarkroomClient } from '../darkroom-client.ts'
import { Progress } from '../progress.ts'
import { readUrl } from '../read-url.ts'
import { frontendUrlOf, loadSettings } from '../settings.ts'
import { UsageError } from '../usage-error.ts'

const uploadsAtOnce = 8

/** Uploads images, waits for them, writes the results; answers 1 if one failed, after naming it. */
export async function developCommand(
  process: NodeJS.Process,
  files: string[],
  values: { out?: string; operations?: string; url?: string; key?: string },
): Promise<number> {
  if (files.length === 0) throw new UsageError('develop takes at least one image')
  const { out = 'developed', operations } = values
  checkOperations(operations)
  const client = new DarkroomClient(urlOf(values.url, process.env), keyOf(values.key, process.env))
  await client.checkThere()
  await mkdir(out, { recursive: true }).catch(cause => {
    if (cause.code !== 'EEXIST') throw cause
    throw new UsageError(`-o names a folder; ${out} is a file`, { isBrief: true })
  })

  const progress = new Progress(process.stderr, files.length)
  const names = resultNames(files)
  const waiting = files.map((file, index) => ({ file, name: names[index] ?? basename(file) }))
  const originals = new Set(files.map(file => resolve(file)))
  const failures: string[] = []
  const developOne = async ({ file, name }: { file: string; name: string }) => {
    try {
      progress.say(file, 'uploading')
      const refusedForNow = (reason: string) => progress.waits(file, reason)
      const id = await client.upload(file, operations, refusedForNow)
      progress.say(file, 'developing')
      const contentType = await client.waitForEnd(id)
      const path = join(out, `${name}.${fileExtensionOf(contentType)}`)
      if (originals.has(resolve(path)))
        throw new Error(`its result would overwrite ${path}; choose another folder with -o`)
      await save(await client.download(id), path)
      progress.done(file, path)
    } catch (error) {
      failures.push(file)
      progress.failed(file, (error as Error).message)
    }
  }
  const lane = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await developOne(next)
  }
  await Promise.all(Array.from({ length: uploadsAtOnce }, lane))
  await client.close()
  if (failures.length > 0) process.stderr.write(`failed: ${failures.join(', ')}\n`)
  return failures.length > 0 ? 1 : 0
}

/** @throws UsageError for what is not an http or https URL */
function urlOf(option: string | undefined, env: NodeJS.ProcessEnv): string {
  const [name, given] =
    option === undefined ? ['DARKROOM_URL', env.DARKROOM_URL || undefined] : ['--url', option]
  if (given === undefined) return frontendUrlOf(loadSettings(env))
  return readUrl(name, given, 'https://photos.example/darkroom')
}

function keyOf(option: string | undefined, env: NodeJS.ProcessEnv): string | undefined {
  return (option ?? env.DARKROOM_KEY)?.trim() || undefined
}

function checkOperations(operations: string | undefined): void {
  try {
    if (operations !== undefined) parseOperations(operations)
  } catch (error) {
    throw error instanceof InvalidOperations ? new UsageError(error.message, { isBrief: true }) : error
  }
}

/** Names without extension, each once: of several files of one name, the later ones are numbered. */
function resultNames(files: string[]): string[] {
  const taken = new Set<string>()
  return files.map(file => {
    const name = basename(file, extname(file))
    let free = name
    for (let number = 2; taken.has(free); number++) free = `${name}-${number}`
    taken.add(free)
    return free
  })
}

async function save(bytes: AsyncIterable<Uint8Array>, path: string): Promise<void> {
  const temporary = `${path}.part`
  try {
    await pipeline(bytes, createWriteStream(temporary))
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}
