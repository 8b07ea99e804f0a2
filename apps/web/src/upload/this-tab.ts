import { randomText } from '../images/row.ts'
import { tabChannel } from '../shell/tab-channel.ts'

/** The name of this tab, which stays the same when the tab is reloaded. */
export let thisTab = readName() ?? newName()

function readName(): string | undefined {
  try {
    return sessionStorage.getItem('darkroom-tab') ?? undefined
  } catch {
    return undefined // storage is disabled
  }
}

function newName(): string {
  const name = randomText()
  try {
    sessionStorage.setItem('darkroom-tab', name)
  } catch {
    // Storage is disabled: after a reload, it counts as another tab.
  }
  return name
}

/** At first, a copy of a tab has the name of that tab. */
export function renameTab(): void {
  thisTab = newName()
}

/** Each message has the name of its sender. `whoIsHere` requests the names of all other tabs. */
export const tabs = tabChannel('darkroom-tabs')

tabs.addEventListener('message', ({ data }) => data.whoIsHere && tabs.postMessage({ here: thisTab }))
