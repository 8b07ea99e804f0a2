import { randomText } from '../images/row.ts'

/** The name of this tab, which stays the same when the tab is reloaded. */
export let thisTab = readName() ?? rename()

function readName(): string | undefined {
  try {
    return sessionStorage.getItem('darkroom-tab') ?? undefined
  } catch {
    return undefined // storage is disabled
  }
}

function rename(): string {
  const name = randomText()
  try {
    sessionStorage.setItem('darkroom-tab', name)
  } catch {
    // Storage is disabled: after a reload it is another tab.
  }
  return name
}

const channel = new BroadcastChannel('darkroom-tabs')
const answerMs = 500

/** The other tabs that are open now. A copy of a tab has the name of the tab at first; here it gets its own. */
export async function otherTabs(): Promise<ReadonlySet<string>> {
  const found = new Set<string>()
  channel.addEventListener('message', ({ data }) => data.here && found.add(data.here))
  channel.postMessage({ whoIsHere: true })
  await new Promise(resolve => setTimeout(resolve, answerMs))
  if (found.has(thisTab)) thisTab = rename()
  return found
}

channel.addEventListener('message', ({ data }) => data.whoIsHere && channel.postMessage({ here: thisTab }))
