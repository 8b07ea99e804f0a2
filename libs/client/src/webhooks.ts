import type { ImageStatus } from './types.ts'

/** The body of a webhook whose signature has been checked. */
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
 * Verifies a webhook by Standard Webhooks 1.0. `body` must be the received text or bytes, not parsed and serialised again;
 * `secret` is `whsec_…`. Needs Web Crypto: Node.js, or a page on https.
 *
 * @throws InvalidWebhook; TypeError if the secret is not a secret, or the body is neither text nor bytes
 */
export async function verifyWebhook(
  body: string | Uint8Array | ArrayBuffer,
  headers: Headers | Readonly<Record<string, string | string[] | undefined>>,
  secret: string | undefined,
): Promise<Webhook> {
  const bytes = bytesOfBase64(String(secret).replace(/^whsec_/, ''))
  if (bytes.length === 0)
    throw new TypeError('the webhook secret must be whsec_ and base64, as Darkroom shows it')
  const text = textOf(body)
  // In any case: some platforms pass headers on as they were written. Other implementations of fetch have Headers of their
  // own.
  const given = Symbol.iterator in headers ? [...(headers as Headers)] : Object.entries(headers)
  const values = new Map(given.map(([name, value]) => [name.toLowerCase(), value]))
  const read = (name: string) => {
    const value = values.get(name)
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
  const key = await crypto.subtle.importKey('raw', bytes, algorithm, false, ['verify'])
  const signed = new TextEncoder().encode(`${id}.${timestamp}.${text}`)
  // Several signatures: while a secret is replaced, webhooks are signed with both.
  for (const each of signatures.split(' ')) {
    const [version, signature = ''] = each.split(',')
    if (version !== 'v1') continue
    if (await crypto.subtle.verify('HMAC', key, bytesOfBase64(signature), signed))
      return JSON.parse(text) as Webhook
  }
  throw new InvalidWebhook('no signature matches the secret')
}

/** Frameworks that parse JSON are a common mistake: another serialisation of the document has another signature. */
function textOf(body: string | Uint8Array | ArrayBuffer): string {
  if (typeof body === 'string') return body
  if (body instanceof Uint8Array || body instanceof ArrayBuffer) return new TextDecoder().decode(body)
  const advice = "with Express, use express.text({ type: '*/*' })"
  throw new TypeError(
    `the body of a webhook must be the received text or bytes, got ${typeof body}; ${advice}`,
  )
}

function bytesOfBase64(text: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(text), character => character.charCodeAt(0))
  } catch {
    return new Uint8Array()
  }
}
