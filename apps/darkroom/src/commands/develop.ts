import { constants, openAsBlob } from 'node:fs'
import { access } from 'node:fs/promises'
import { type Darkroom, DarkroomError, type DevelopOptions, type ImageStatus } from '@darkroom/client/source'
import { mapConcurrently } from '@darkroom/service-kit'
import { connect } from '../connect.ts'
import { DevelopReport } from '../develop/develop-report.ts'
import { findImages, isUrl } from '../develop/find-images.ts'
import { Progress } from '../develop/progress.ts'
import { makeOutputFolder, ResultFolder } from '../develop/result-folder.ts'
import { watchForInterruption } from '../interruption.ts'
import { readOperationOptions } from '../read-operations.ts'
import { BriefUsageError, refuseOtherOptions, UsageError } from '../usage-error.ts'

interface DevelopArguments {
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
  if (inputs.includes('')) throw new BriefUsageError('an image must be a file, a folder or a URL, got ""')
  const variants = readOperationOptions({ operations, variant })
  const imagesAtOnce = concurrency === undefined ? defaultConcurrency : readConcurrency(concurrency)
  const darkroom = await connect(process.env, { url, key })
  makeOutputFolder(out)

  const variantNames = variants ? Object.keys(variants) : await variantsOfPreset(darkroom, preset)
  const { images, skippedCount } = await findImages(inputs, out, variantNames)
  const progress = new Progress(process.stderr, images)
  const report = new DevelopReport(progress, json ? process.stdout : undefined)
  if (skippedCount > 0)
    progress.note(
      `skipped ${skippedCount} ${skippedCount === 1 ? 'file' : 'files'} without the extension of an image`,
    )
  const { signal, exitCode } = watchForInterruption(process)
  const results = new ResultFolder(out, { images, signal })
  let refusal: DarkroomError | undefined
  await mapConcurrently(imagesAtOnce, images, async image => {
    if (signal.aborted) return
    let status: ImageStatus | undefined
    try {
      if (image.problem !== undefined) throw new Error(image.problem)
      if (refusal) throw refusal
      progress.setState(image.file, 'uploading')
      const developed = await darkroom.develop(await sourceOf(image.file), {
        operations,
        variants,
        preset,
        onProgress: reportTo(progress, image.file),
        signal,
      })
      status = developed.status
      report.done(image.file, await results.write(image.name, developed), status)
    } catch (error) {
      // A key that was revoked meanwhile would be refused for each further image, at last with a long wait.
      if (error instanceof DarkroomError && error.status === 401) refusal = error
      if (!signal.aborted) report.failed(image.file, error as Error, status)
    }
  })
  const failures = report.end()
  return exitCode() ?? (failures > 0 ? 1 : 0)
}

function readConcurrency(given: string): number {
  const count = Number(given)
  if (/^\d+$/.test(given) && count >= 1 && count <= maxConcurrency) return count
  throw new BriefUsageError(
    `--concurrency must be a whole number from 1 to ${maxConcurrency}, got "${given}"`,
  )
}

/** The names of a preset's variants, so that their files get free names. */
async function variantsOfPreset(darkroom: Darkroom, name: string | undefined): Promise<string[]> {
  if (name === undefined) return []
  const { presets } = await darkroom.presets()
  return Object.keys(presets.find(preset => preset.name === name)?.variants ?? {})
}

async function sourceOf(file: string): Promise<Blob | string> {
  if (isUrl(file)) return file
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
