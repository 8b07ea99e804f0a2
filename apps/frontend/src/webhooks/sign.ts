import { createHmac } from 'node:crypto'

/**
 * The headers of a webhook (Standard Webhooks 1.0). Each secret adds a signature, so that receivers can change to the
 * next secret without a gap. The id stays the same for all attempts; the timestamp is the attempt's.
 */
export function signedHeaders(
  { id, body, sentAt }: { id: string; body: string; sentAt: Date },
  secrets: readonly Uint8Array[],
): Record<string, string> {
  const timestamp = String(Math.floor(sentAt.getTime() / 1000))
  const signatures = secrets.map(secret =>
    createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('base64'),
  )
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.map(signature => `v1,${signature}`).join(' '),
  }
}
