import { readStored, store } from '../shell/stored.ts'
import { tabChannel } from '../shell/tab-channel.ts'

/** The server keeps no file names: the browser remembers those of the latest images. */
const storageKey = 'darkroom-names'
const maxNames = 2000

let names: Map<string, string> | undefined

export function nameOf(id: string): string | undefined {
  return read().get(id)
}

/** Each tab saves all names, so a name must reach the other tabs before they save. */
const otherTabs = tabChannel('darkroom-names')
/** Called when another tab has named an image. */
export const onNamed = { call: (_id: string, _name: string) => {} }

otherTabs.onmessage = ({ data: [id, name] }: MessageEvent<[string, string]>) => {
  read().set(id, name)
  saveSoon() // this tab may be reloaded before the other tab saves
  onNamed.call(id, name)
}

export function rememberName(id: string, name: string): void {
  const known = read()
  known.set(id, name)
  otherTabs.postMessage([id, name])
  for (const oldest of known.keys()) {
    if (known.size <= maxNames) break
    known.delete(oldest)
  }
  saveSoon()
}

function read(): Map<string, string> {
  if (names) return names
  const saved = readStored(storageKey)
  names = new Map(Array.isArray(saved) ? (saved.filter(Array.isArray) as [string, string][]) : [])
  return names
}

let timer: ReturnType<typeof setTimeout> | undefined

function saveSoon(): void {
  timer ??= setTimeout(save, 500)
}

function save(): void {
  timer = undefined
  store(storageKey, [...read()])
}

addEventListener('pagehide', () => timer !== undefined && save())
