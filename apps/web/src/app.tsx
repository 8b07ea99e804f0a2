import { effect, signal } from '@preact/signals'
import { type ComponentType, render } from 'preact'
import { Header } from './header.tsx'
import { forgetDeletions, onDeleted } from './images/delete.ts'
import { catchUp, isRefusedForNow, readWhenConnected, watchFilter } from './images/history.ts'
import { ImagesPanel } from './images/images-panel.tsx'
import { openedRow } from './images/opened-row.ts'
import { counts, forgetAll, forgetImages, isKnown, update } from './images/store.ts'
import { follow, isLive, reconnect } from './live/live.ts'
import type { LiveMessage } from './live/state-stream.ts'
import { readOperations } from './recipe/operations.ts'
import { forgetPresets, readPresets } from './recipe/presets.ts'
import { RecipePanel } from './recipe/recipe-panel.tsx'
import { readSession, session } from './session/session.ts'
import { announce, forgetAnnouncements } from './shell/announce.ts'
import { Later, takeTurns } from './shell/later.tsx'
import { DropZone } from './upload/drop-zone.tsx'
import { lastFile } from './upload/last-file.ts'
import { cancelAll, responsesArrived } from './upload/queue.ts'

/** How often the page polls while it gets no events, or after a failed read. */
const pollMs = 3000

function Page() {
  return (
    <>
      <Header here="images" />
      <main class="page">
        <Later in={1}>
          <DropZone />
        </Later>
        <Later in={2}>
          <RecipePanel />
        </Later>
        <Later in={3}>
          <ImagesPanel />
        </Later>
      </main>
      <Deferred />
    </>
  )
}

const deferredParts = signal<ComponentType | undefined>(undefined)

function Deferred() {
  const Parts = deferredParts.value
  return Parts ? <Parts /> : null
}

/** Retries until the server has answered. */
async function loadDeferred(): Promise<void> {
  try {
    deferredParts.value = (await import('./deferred-parts.tsx')).DeferredParts
  } catch {
    setTimeout(() => void loadDeferred(), pollMs)
  }
}

void readSession()
const root = document.getElementById('app')
if (root) render(<Page />, root)
/** Resolves when the first view is drawn. The parts that it does not show are loaded after that. */
const isDrawn = takeTurns(3)
void isDrawn.then(loadDeferred)

follow(message => {
  if (message.kind === 'state') {
    void show(message)
    if (message.image.state === 'failed') announce('An image failed')
  } else if (message.kind === 'deleted') onDeleted(message.id)
  else if (message.kind !== 'lost') void catchUp().catch(() => undefined) // the next poll tries again
})

/** An event that arrives before the response to its upload waits for it. Otherwise the image would have two rows. */
async function show({ image, version }: Extract<LiveMessage, { kind: 'state' }>): Promise<void> {
  if (!isKnown(image.id)) await responsesArrived()
  update(image, version)
}

let isPolling = false
setInterval(async () => {
  if (document.hidden || isPolling || (isLive.value && !isRefusedForNow())) return
  isPolling = true
  await catchUp().catch(() => undefined)
  isPolling = false
}, pollMs)

let lastCaller = ''
effect(() => {
  const current = session.value
  if (current.state === 'unknown') return
  const caller = JSON.stringify(current)
  if (caller === lastCaller) return
  if (lastCaller !== '' && current.state === 'signed-out') {
    if (current.why === 'left') {
      cancelAll()
      forgetDeletions()
      forgetAll()
      lastFile.value = undefined
      forgetAnnouncements()
      forgetPresets()
    } else forgetImages()
  }
  // The first stream was opened for the first caller, as were the details that were opened before the response.
  if (lastCaller !== '') {
    openedRow.value = undefined
    reconnect()
  }
  lastCaller = caller
  if (current.state === 'signed-out') return
  readWhenConnected()
  void isDrawn.then(readOperations)
  void isDrawn.then(readPresets)
})
watchFilter()

/** Announces the moment when all images are done. */
let wasBusy = false
effect(() => {
  const { waiting = 0, uploading = 0, finished = 0 } = counts.value
  const busy =
    waiting + uploading + (counts.value['not-started'] ?? 0) + (counts.value['in-progress'] ?? 0) > 0
  document.title = busy ? `${finished} developed – Darkroom` : 'Darkroom'
  if (wasBusy && !busy) announce('All images are done')
  wasBusy = busy
})
