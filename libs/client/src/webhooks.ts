import type { ImageStatus } from './types.ts'

/** The body of a notice, once its signature has been checked. */
export interface Webhook {
  type: 'image.finished' | 'image.failed'
  timestamp: string
  data: ImageStatus
}

/** The request is not from Darkroom, was changed, or is too old. Answer 400. */
export class InvalidWebhook extends Error {
  override readonly name = 'InvalidWebhook'
}

const toleranceSeconds = 300

/**
 * Verifies a notice by Standard Webhooks 1.0. `body` must be the received text, not parsed and serialised again; `secret`
 * is `whsec_…`. Needs Web Crypto: Node.js, or a page on https.
 *
 * @throws InvalidWebhook
 */
export async function verifyWebhook(
  body: string,
  headers: Headers | Readonly<Record<string, string | string[] | undefined>>,
  secret: string,
): Promise<Webhook> {
  const read = (name: string) => {
    const value = headers instanceof Headers ? headers.get(name) : headers[name]
    return typeof value === 'string' ? value : ''
  }
  const [id, timestamp, signatures] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map(read) as [
    string,
    string,
    string,
  ]
  if (id === '' || !/^\d+$/.test(timestamp) || signatures === '')
    throw new InvalidWebhook('webhook-id, webhook-timestamp or webhook-signature is missing')
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > toleranceSeconds)
    throw new InvalidWebhook(`webhook-timestamp is more than ${toleranceSeconds} s away from now`)
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const bytes = bytesOfBase64(secret.replace(/^whsec_/, ''))
  const key = await crypto.subtle.importKey('raw', bytes, algorithm, false, ['verify'])
  const signed = new TextEncoder().encode(`${id}.${timestamp}.${body}`)
  // Several signatures: while a secret is replaced, notices are signed by both.
  for (const text of signatures.split(' ')) {
    const [version, signature = ''] = text.split(',')
    if (version !== 'v1') continue
    const given = bytesOfBase64(signature)
    if (await crypto.subtle.verify('HMAC', key, given, signed)) return JSON.parse(body) as Webhook
  }
  throw new InvalidWebhook('no signature matches the secret')
}

function bytesOfBase64(text: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(text), character => character.charCodeAt(0))
  } catch {
    return new Uint8Array()
  }
}
