import { hash } from 'node:crypto'
import type { Stage } from '@darkroom/contracts'
import type { BlobId } from './engine.ts'

export const stageFolders: Readonly<Record<Stage, string>> = { pre: 'inProgress', post: 'finished' }

/** Files in our folders that have other names are not ours. */
export const blobKey = /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/

/** Two hex digits, which spread blobs evenly. */
export function shardOf(key: string): string {
  return hash('sha256', key).slice(0, 2)
}

/** The folder of a blob on a disk or in a bucket: `<stage>/<shard>`. */
export function shardPath({ key, stage }: BlobId): string {
  return `${stageFolders[stage]}/${shardOf(key)}`
}

/** `<stage>/<shard>/<key>` */
export function blobPath(id: BlobId): string {
  return `${shardPath(id)}/${id.key}`
}
