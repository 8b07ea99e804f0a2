import { urlOf } from '../api/base.ts'
import { StateStream } from './state-stream.ts'
import { askForReport, type TabMessage, tabTimeoutMs } from './tab-message.ts'

/*
 * The shared worker: one stream for all tabs, because six streams would use up the connections that a browser opens to
 * one server. It is open while a tab is visible. Visible tabs report regularly; a tab that no longer reports, such as
 * one that crashed, counts as hidden. WebKit ends the worker with the tab that has started it, and then starts it again and
 * connects it to the other tabs, unnoticed by them. So it requests a report from each tab.
 */

const tabs = new Set<MessagePort>()
const visible = new Map<MessagePort, number>()

const stream = new StateStream(urlOf('images/events', { heartbeat: 'event' }), message => {
  for (const tab of tabs) tab.postMessage(message)
})

const scope = self as unknown as { onconnect: (event: MessageEvent) => void }
scope.onconnect = ({ ports: [tab] }) => {
  if (!tab) return
  tabs.add(tab)
  tab.postMessage(askForReport)
  tab.onmessage = ({ data }: MessageEvent<TabMessage>) => {
    if (data === 'visible') {
      const isNew = !visible.has(tab)
      visible.set(tab, Date.now())
      // A tab that was hidden missed changes. If the stream is not connected now, the tab gets a message when it is.
      if (isNew && stream.isConnected) tab.postMessage({ kind: 'reset' })
    } else visible.delete(tab)
    if (data === 'gone') tabs.delete(tab)
    if (data === 'reconnect') {
      visible.set(tab, Date.now())
      stream.close()
    }
    adjust()
  }
}

function adjust(): void {
  for (const [tab, seenAt] of visible) if (Date.now() - seenAt > tabTimeoutMs) visible.delete(tab)
  if (visible.size > 0) stream.open()
  else stream.close()
}

setInterval(adjust, tabTimeoutMs)
