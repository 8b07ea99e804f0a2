import process from 'node:process'

/** A figure of Darkroom, and the same figure of the program or the state that it is compared with. */
export interface Comparison {
  readonly what: string
  /** The name of the figure, as in `CPU ms`. */
  readonly figure: string
  readonly darkroom: number
  readonly beside?: { readonly name: string; readonly figure: number }
}

/** Adds a line to the table of `npm run bench -- all`, which runs each benchmark as its child. */
export function report(comparison: Comparison): void {
  process.send?.(comparison)
}
