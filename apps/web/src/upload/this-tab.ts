import { randomText } from '../images/row.ts'

/** The name of this tab, which stays the same when the tab is reloaded. */
export const thisTab = tabName()

function tabName(): string {
  try {
    const known = sessionStorage.getItem('darkroom-tab') ?? randomText()
    sessionStorage.setItem('darkroom-tab', known)
    return known
  } catch {
    return randomText()
  }
}

const channel = new BroadcastChannel('darkroom-tabs')
const answerMs = 500

/** The other tabs that are open now. */
export async function otherTabs(): Promise<ReadonlySet<string>> {
  const found = new Set<string>()
  channel.addEventListener('message', ({ data }) => data.here && found.add(data.here))
  channel.postMessage({ whoIsHere: true })
  await new Promise(resolve => setTimeout(resolve, answerMs))
  return found
}

channel.addEventListener('message', ({ data }) => data.whoIsHere && channel.postMessage({ here: thisTab }))
