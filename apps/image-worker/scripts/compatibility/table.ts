import type { Row } from './cells.ts'
import { codingRows } from './coding-rows.ts'
import { colourRows } from './colour-rows.ts'
import { frameRows } from './frame-rows.ts'
import { metadataRows } from './metadata-rows.ts'
import { pixelRows } from './pixel-rows.ts'

/** The sections of docs/compatibility.md, with a row for each feature. */
export const sections: Readonly<Record<string, Readonly<Record<string, Row>>>> = {
  Pixels: pixelRows,
  'Frames and pages': frameRows,
  Colour: colourRows,
  Coding: codingRows,
  'Metadata and other data': metadataRows,
}

/**
 * How features of images are treated, one by one. Source of docs/compatibility.md; test/develop/compatibility develops
 * a file for each row.
 */
export const compatibilityTable = {
  ...pixelRows,
  ...frameRows,
  ...colourRows,
  ...codingRows,
  ...metadataRows,
} as const

export type RowName = keyof typeof compatibilityTable
