import { signal } from '@preact/signals'
import type { Row } from './row.ts'

/** The row whose details are open. */
export const openedRow = signal<Row | undefined>(undefined)

export function openDetails(row: Row): void {
  openedRow.value = row
}
