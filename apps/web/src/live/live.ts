import { signal } from '@preact/signals'
import { urlOf } from '../api/base.ts'
import { type LiveMessage, StateStream } from './state-stream.ts'
import { askForReport, type TabMessage, tabReportMs } from './tab-message.ts'

/** Whether changes arrive as they happen; otherwise the page polls. */
export const isLive = signal(false)

type Listener = (message: LiveMessage) => void

let send: (message: TabMessage) => void = () => {}

/** Follows all images while the tab is visible. Without a shared worker, each tab has its own stream. */
export function follow(listener: Listener): void {
  const receive = (message: LiveMessage) => {
    isLive.value = message.kind !== 'lost'
    listener(message)
  }
  const report = () => {
    if (document.hidden) isLive.value = false
    send(document.hidden ? 'hidden' : 'visible')
  }
  send = shareStream(receive, report)
  document.addEventListener('visibilitychange', report)
  setInterval(() => document.hidden || send('visible'), tabReportMs)
  addEventListener('pagehide', () => send('gone'))
  // A lost network does not interrupt a stream.
  for (const change of ['offline', 'online']) addEventListener(change, reconnect)
  addEventListener('pageshow', ({ persisted }) => persisted && location.reload())
  report()
}

/** Opens a new stream, such as for a new caller, who may see other images. */
export function reconnect(): void {
  if (document.hidden) return
  isLive.value = false
  send('reconnect')
}

/** Browsers that store no data for the page refuse shared workers, some at once, some later. */
function shareStream(receive: Listener, report: () => void): (message: TabMessage) => void {
  try {
    const worker = new SharedWorker(new URL('./shared-stream.ts', import.meta.url), {
      type: 'module',
      name: 'darkroom-live',
    })
    worker.port.onmessage = ({ data }) => (data === askForReport ? report() : receive(data))
    worker.onerror = () => {
      send = ownStream(receive)
      if (!document.hidden) send('visible')
    }
    return message => worker.port.postMessage(message)
  } catch {
    return ownStream(receive)
  }
}

function ownStream(receive: Listener): (message: TabMessage) => void {
  const stream = new StateStream(urlOf('images/events', { heartbeat: 'event' }), receive)
  return message => {
    if (message !== 'visible') stream.close()
    if (message === 'visible' || message === 'reconnect') stream.open()
  }
}
