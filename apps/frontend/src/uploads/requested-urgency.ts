import type { IncomingHttpHeaders } from 'node:http'
import { type Urgency, urgencyOf } from '@darkroom/contracts'

/**
 * The urgency in the Priority header of an upload. Browsers add a Priority of their own to requests over HTTP/2, and some
 * to all requests: it orders downloads, and would overtake or delay other images. So it is ignored if the request has an
 * Origin, which browsers send with every write, and programs don't.
 */
export function requestedUrgency({ origin, priority }: IncomingHttpHeaders): Urgency | undefined {
  return origin === undefined && typeof priority === 'string' ? urgencyOf(priority) : undefined
}
