import { rowOfFile } from '../images/row.ts'
import { readPending } from './pending.ts'
import { enqueue } from './queue.ts'
import { continueAt } from './send-in-pieces.ts'
import { otherTabs } from './this-tab.ts'

/** Continues the uploads that were interrupted by a reload, or by the end of the browser. */
export async function continueUploads(): Promise<void> {
  const pending = await readPending()
  const others = await otherTabs()
  const own = pending.filter(({ tab }) => !others.has(tab))
  const rows = own.map(({ key, file, options, uploadUrl: url, share = 0 }) => {
    const row = rowOfFile(file, options, key)
    if (url !== undefined) continueAt(row, { url, share })
    row.view.value = { state: 'waiting', share }
    return row
  })
  if (rows.length > 0) enqueue(rows)
}
