import { rowOfFile } from '../images/row.ts'
import { hasUpload } from '../images/store.ts'
import { takePending } from './pending.ts'
import { enqueue } from './queue.ts'
import { continueAt } from './send-in-pieces.ts'
import { renameTab, tabs, thisTab } from './this-tab.ts'

const answerMs = 500

/** Continues the uploads that were interrupted by a reload, or by the end of the browser. */
export async function continueUploads(): Promise<void> {
  const others = await otherTabs()
  // After asking the other tabs: a tab that was opened earlier may have taken uploads of this tab.
  const own = await takePending(thisTab, ({ key, tab }) => !others.has(tab) && !hasUpload(key))
  const rows = own.map(({ key, file, options, uploadUrl: url, share = 0 }) => {
    const row = rowOfFile(file, options, key)
    if (url !== undefined) continueAt(row, { url, share })
    row.view.value = { state: 'waiting', share }
    return row
  })
  if (rows.length > 0) enqueue(rows)
}

/** The other open tabs, including those that the browser is restoring: they reply, or ask for this tab's name. */
async function otherTabs(): Promise<ReadonlySet<string>> {
  const found = new Set<string>()
  tabs.addEventListener('message', ({ data }) => found.add(data.here))
  tabs.postMessage({ whoIsHere: true, here: thisTab })
  await new Promise(resolve => setTimeout(resolve, answerMs))
  if (found.has(thisTab)) renameTab()
  return found
}
