import { type OutputFormat, outputFormats } from '@darkroom/contracts'

/** How a feature of an original is treated. */
type Fate = 'kept' | 'converted' | 'dropped' | 'refused'

export interface Cell {
  readonly fate: Fate
  /** An explanation for users. */
  readonly words?: string
}

export interface Row {
  readonly feature: string
  /** The originals that can have the feature. */
  readonly of: string
  /** When channels are swapped and the format stays. */
  readonly swapped: Cell
  /** In every other operation, when the format stays. */
  readonly developed: Cell
  /** In a result of this format. Missing: the format can't have such a feature, or it isn't specified there. */
  readonly as?: Partial<Record<OutputFormat, Cell>>
}

export const kept: Cell = { fate: 'kept' }
export const dropped: Cell = { fate: 'dropped' }
export const refused = (words: string): Cell => ({ fate: 'refused', words })
export const converted = (words: string): Cell => ({ fate: 'converted', words })
/** Kept, with a remark. */
export const keptWith = (words: string): Cell => ({ fate: 'kept', words })
/** Dropped, with a remark. */
export const droppedWith = (words: string): Cell => ({ fate: 'dropped', words })

/** The same in every case. */
export function everywhere(cell: Cell): Pick<Row, 'swapped' | 'developed' | 'as'> {
  return { swapped: cell, developed: cell, as: inFormats(() => cell) }
}

export function inFormats(cellOf: (format: OutputFormat) => Cell): Record<OutputFormat, Cell> {
  return Object.fromEntries(outputFormats.map(format => [format, cellOf(format)])) as Record<
    OutputFormat,
    Cell
  >
}
