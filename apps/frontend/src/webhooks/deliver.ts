import type { NoticeReport, Task } from '@darkroom/contracts'
import type { Logger, ServiceClients } from '@darkroom/service-kit'
import { findTask } from '@darkroom/service-kit/images'
import { toImageStatus } from '../images/image-status.ts'
import type { Outbound, OutboundResponse } from '../outbound/outbound.ts'
import { OutboundFailure } from '../outbound/outbound-failure.ts'
import { maxAttempts, retryDelayMs } from './retry-delay.ts'
import { signedHeaders } from './sign.ts'
import type { WebhookSecrets } from './webhook-secrets.ts'

/** The outcome of a claimed notice. */
export interface Outcome {
  /** Absent if there is no longer anything to send. */
  report?: NoticeReport
  /** Whether the receiver works: it answered with a status other than overload or an internal error. */
  isGood?: boolean
  /** How long the receiver took to answer. */
  tookMs?: number
}

/** Sends a notice. @throws if it could not be sent for a reason other than the receiver */
export type Delivery = (task: Task, signal: AbortSignal) => Promise<Outcome>

export interface DeliveryOptions {
  taskDb: ServiceClients['taskDb']
  outbound: Outbound
  secrets: Pick<WebhookSecrets, 'signing'>
  /** The path, or URL, before the paths of links. */
  linkBase: string
  logger: Logger
  timeoutMs?: number
}

const defaultTimeoutMs = 15_000
const maxResponseBytes = 64 * 1024

/** Delivers notices by Standard Webhooks 1.0. Only a 2xx counts as accepted; redirects are not followed. */
export function deliverBy(options: DeliveryOptions): Delivery {
  const { taskDb, outbound, secrets, linkBase, logger, timeoutMs = defaultTimeoutMs } = options
  return async (claimed, closing) => {
    const task = await findTask(taskDb, claimed.id)
    // It was deleted or retried, or another frontend has claimed the notice.
    if (!task?.callback || task.callback.token !== claimed.callback?.token) return {}
    const body = noticeOf(task, linkBase)
    const id = `${task.id}_${task.version}`
    const signatures = signedHeaders({ id, body, sentAt: new Date() }, await secrets.signing(task.owner))
    closing.throwIfAborted()
    const sentAt = performance.now()
    const response = await post(task.callback.url, body, signatures, closing)
    const tookMs = performance.now() - sentAt
    const report = reportOf(task, response)
    const { host, attempts } = task.callback
    logger.info({ id: task.id, host, answer: response.text, attempt: attempts + 1 }, messages[report.state])
    return { report, isGood: response.isGood, tookMs }
  }

  async function post(url: string, body: string, signed: Record<string, string>, closing: AbortSignal) {
    const signal = AbortSignal.any([closing, AbortSignal.timeout(timeoutMs)])
    const headers = { 'content-type': 'application/json', ...signed }
    try {
      const response = await outbound.request(url, { method: 'POST', headers, body, signal })
      // Reads the rest, so that the connection can be used again.
      await response.body.dump({ limit: maxResponseBytes, signal }).catch(() => undefined)
      return readResponse(response)
    } catch (error) {
      if (!(error instanceof OutboundFailure)) throw error
      return {
        text: error.reason,
        isAccepted: false,
        isRefused: false,
        isGood: false,
        retryAfterMs: undefined,
      }
    }
  }
}

const messages = {
  delivered: 'a webhook was delivered',
  failed: 'a webhook was not accepted, and is not sent again',
  due: 'a webhook was not accepted; it is sent again later',
  returned: 'a webhook was returned to the queue',
}

/** The body of a notice, without the state of the notice, which would differ between attempts. */
function noticeOf(task: Task, linkBase: string): string {
  const { callback: _, ...data } = toImageStatus(task, linkBase)
  return JSON.stringify({ type: `image.${task.state}`, timestamp: task.finishedAt, data })
}

type ReadResponse = ReturnType<typeof readResponse>

function readResponse({ status, headers }: OutboundResponse) {
  return {
    text: String(status),
    isAccepted: status >= 200 && status < 300,
    /** 410: the receiver refuses this notice for good. */
    isRefused: status === 410,
    isGood: status < 500 && status !== 429,
    retryAfterMs: retryAfterMs(headers['retry-after'], Date.now()),
  }
}

function reportOf(task: Task, response: ReadResponse): NoticeReport {
  const { attempts = 0, keptSeconds = 0, token = 0 } = task.callback ?? {}
  if (response.isAccepted) return { state: 'delivered', token, answer: response.text }
  const failed = { state: 'failed', token, answer: response.text } as const
  if (response.isRefused || attempts + 1 >= maxAttempts) return failed
  const retryMs = retryDelayMs({
    attempts: attempts + 1,
    endedAt: Date.parse(task.finishedAt ?? task.createdAt),
    keptSeconds,
    now: Date.now(),
    retryAfterMs: response.retryAfterMs,
    random: Math.random(),
  })
  return retryMs === undefined ? failed : { state: 'due', token, answer: response.text, retryMs }
}

/** Retry-After in seconds or as a date (RFC 9110, 10.2.3); undefined if it is neither. */
export function retryAfterMs(header: string | string[] | undefined, now: number): number | undefined {
  if (typeof header !== 'string') return undefined
  const ms = /^\d{1,9}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now
  return Number.isNaN(ms) ? undefined : Math.max(0, ms)
}
