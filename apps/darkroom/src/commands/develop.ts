import { randomBytes } from 'node:crypto'
import { constants, createWriteStream, openAsBlob } from 'node:fs'
import { access, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import {
  type Darkroom,
  DarkroomError,
  type DevelopOptions,
  ImageFailed,
  type ImageFile,
} from '@darkroom/client/source'
import { fileExtensionOf } from '@darkroom/contracts'
import { mapConcurrently } from '@darkroom/service-kit'
import { makeFolder } from '@darkroom/sqlite'
import { connect } from '../connect.ts'
import { findImages, identityOf, isUrl, resultName } from '../find-images.ts'
import { watchForInterruption } from '../interruption.ts'
import { Progress } from '../progress.ts'
import { readOperationOptions } from '../read-operations.ts'
import { refuseOtherOptions, UsageError } from '../usage-error.ts'

export interface DevelopArguments {
  out?: string
  operations?: string
  variant?: string[]
  preset?: string
  url?: string
  key?: string
  json?: boolean
  concurrency?: string
}

const defaultConcurrency = 8
const maxConcurrency = 64

/** Uploads images, waits for them, and writes the results. Names each image that failed, and then returns 1. */
export async function developCommand(
  process: NodeJS.Process,
  inputs: string[],
  values: DevelopArguments,
): Promise<number> {
  const {
    out = 'developed',
    operations,
    variant,
    preset,
    url,
    key,
    json = false,
    concurrency,
    ...others
  } = values
  refuseOtherOptions('develop', others)
  if (inputs.length === 0) throw new UsageError('develop needs at least one image')
  const variants = readOperationOptions({ operations, variant })
  const limit = readConcurrency(concurrency)
  const darkroom = await connect(process.env, { url, key })
  makeOutputFolder(out)

  const variantNames = variants ? Object.keys(variants) : await variantsOfPreset(darkroom, preset)
  const { images, skippedCount } = await findImages(inputs, out, variantNames)
  const progress = new Progress(process.stderr, images)
  if (skippedCount > 0)
    progress.note(
      `skipped ${skippedCount} ${skippedCount === 1 ? 'file' : 'files'} without the extension of an image`,
    )
  const print = (line: object) => json && process.stdout.write(`${JSON.stringify(line)}\n`)
  const originals = new Set(images.map(({ identity }) => identity))
  const failures: string[] = []
  const { signal, exitCode } = watchForInterruption(process)
  await mapConcurrently(limit, images, async image => {
    const { file } = image
    if (signal.aborted) return
    try {
      if (image.problem !== undefined) throw new Error(image.problem)
      progress.setState(file, 'uploading')
      const developed = await darkroom.develop(isUrl(file) ? file : await openFile(file), {
        operations,
        variants,
        preset,
        onProgress: reportTo(progress, file),
        signal,
      })
      const { result, status } = developed
      const write = (name: string, written: ImageFile) =>
        writeResult(join(out, name), written, { originals, signal })
      const path = result && (await write(image.name, result))
      const paths: Record<string, string> = {}
      for (const [name, written] of Object.entries(developed.variants))
        paths[name] = await write(resultName(image.name, name), written)
      progress.done(file, [...(path === undefined ? [] : [path]), ...Object.values(paths)])
      print({ file, ...(path !== undefined && { result: path }), variants: paths, image: status })
    } catch (error) {
      if (signal.aborted) return
      failures.push(file)
      const { message } = error as Error
      progress.failed(file, message)
      print({
        file,
        error: { ...(error instanceof DarkroomError && error.code && { code: error.code }), message },
        ...(error instanceof ImageFailed && { image: error.image }),
      })
    }
  })
  if (failures.length > 0) progress.note(`failed: ${failures.join(', ')}`)
  return exitCode() ?? (failures.length > 0 ? 1 : 0)
}

function readConcurrency(given = String(defaultConcurrency)): number {
  const count = /^\d+$/.test(given) ? Number(given) : 0
  if (count >= 1 && count <= maxConcurrency) return count
  throw new UsageError(`--concurrency must be a whole number from 1 to ${maxConcurrency}, got "${given}"`, {
    isBrief: true,
  })
}

function makeOutputFolder(out: string): void {
  if (out === '') throw new UsageError('-o must be a folder, got ""', { isBrief: true })
  try {
    makeFolder(out)
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    if (code === 'EEXIST')
      throw new UsageError(`-o must be a folder, but ${out} is a file`, { isBrief: true })
    throw new UsageError(`the folder of -o can't be made: ${message}`, { isBrief: true })
  }
}

/** The names of a preset's variants, so that their files get free names. */
async function variantsOfPreset(darkroom: Darkroom, name: string | undefined): Promise<string[]> {
  if (name === undefined) return []
  const { presets } = await darkroom.presets()
  return Object.keys(presets.find(preset => preset.name === name)?.variants ?? {})
}

async function openFile(file: string): Promise<Blob> {
  await access(file, constants.R_OK) // reading the blob would fail as if the file had changed
  return openAsBlob(file)
}

function reportTo(progress: Progress, file: string): NonNullable<DevelopOptions['onProgress']> {
  return report => {
    if (report.phase === 'uploading') progress.sent(file, report.sentBytes)
    if (report.phase === 'developing') progress.setState(file, 'developing')
    if (report.phase === 'waiting') progress.waiting(file, report.reason)
  }
}

/** Downloads a result to the path `stem` with the right extension. Returns the path. */
async function writeResult(
  stem: string,
  result: ImageFile,
  { originals, signal }: { originals: ReadonlySet<string | undefined>; signal: AbortSignal },
): Promise<string> {
  const path = `${stem}.${fileExtensionOf(result.facts.contentType)}`
  if (await isOneOf(originals, path))
    throw new Error(`its result would overwrite the original ${path}; choose another folder with -o`)
  makeFolder(dirname(path))
  // Not the name of the result with an ending, which may be too long for the disk.
  const temporary = join(dirname(path), `.darkroom-${randomBytes(8).toString('hex')}.part`)
  try {
    await result.download(({ body }) =>
      pipeline(body as unknown as AsyncIterable<Uint8Array>, createWriteStream(temporary), { signal }),
    )
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  return path
}

/** Whether there is such a file at a path, also by links. */
async function isOneOf(identities: ReadonlySet<string | undefined>, path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  return found !== undefined && identities.has(identityOf(found))
}
