import assert from 'node:assert/strict'
import { picturesWithMetadata } from '../metadata-traces.ts'
import { bytesOf } from '../run.ts'

/** Pictures with all kinds of metadata that their format supports. */
export const carried = await picturesWithMetadata()
export const jpegWithAll = carried.jpeg ?? assert.fail()
export const tiffWithAll = Buffer.from(await bytesOf(jpegWithAll, 'format:tiff,metadata:keep'))
