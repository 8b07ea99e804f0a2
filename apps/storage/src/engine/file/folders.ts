import { randomUUID } from 'node:crypto'
import { constants, readdirSync, rmSync } from 'node:fs'
import { mkdir, open } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { makeFolder } from '@darkroom/sqlite'
import { stageFolders } from '../blob-path.ts'

export const shards = Array.from({ length: 256 }, (_, shard) => shard.toString(16).padStart(2, '0'))
/** The folder of the files that are being written, next to the shards. */
const writingFolder = 'writing'
const temporarySuffix = '.tmp'

/**
 * Creates the folders of the stages, and removes the temporary files of interrupted writes. The shards of a stage are
 * created with its first file (`makeShards`): a store of small images needs no shards.
 */
export async function prepareFolders(folder: string): Promise<void> {
  await makeAndSync(resolve(folder))
  for (const stage of Object.values(stageFolders)) await prepareStage(join(folder, stage))
  await syncPath(folder)
}

/** A new path for a file that is being written, in the folder of a stage. */
export function temporaryPath(stageFolder: string): string {
  return join(stageFolder, writingFolder, `${randomUUID()}${temporarySuffix}`)
}

/** Syncs a file or a folder. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Creates a folder and its missing parents, and syncs their names. */
async function makeAndSync(path: string): Promise<void> {
  const first = makeFolder(path)
  if (first === undefined) return
  for (let folder = path; folder.length >= first.length; folder = dirname(folder))
    await syncPath(dirname(folder))
}

async function prepareStage(folder: string): Promise<void> {
  await mkdir(join(folder, writingFolder), { recursive: true })
  // Earlier versions wrote in the shards.
  for (const name of [writingFolder, ...shardsIn(folder)]) removeTemporaryFiles(join(folder, name))
  await syncPath(folder)
}

/** Creates the missing shards of a stage, and syncs their names. */
export async function makeShards(stageFolder: string): Promise<void> {
  const present = new Set(shardsIn(stageFolder))
  // On another thread: on a disk from which much was deleted lately, ext4 took up to 0.9 ms for each in a measurement.
  for (const shard of shards) if (!present.has(shard)) await mkdir(join(stageFolder, shard))
  await syncPath(stageFolder)
}

function shardsIn(stageFolder: string): string[] {
  const present = new Set(readdirSync(stageFolder))
  return shards.filter(shard => present.has(shard))
}

function removeTemporaryFiles(folder: string): void {
  for (const file of readdirSync(folder)) if (file.endsWith(temporarySuffix)) rmSync(join(folder, file))
}
