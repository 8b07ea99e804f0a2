import { setTimeout as delay } from 'node:timers/promises'
import { problemCode } from '@darkroom/contracts'
import type { Input, KeyOperation, Output } from './register.ts'

const answerMs = 10_000
/** The pause between operations of a client, so that histories are short enough for the search. */
const pauseMs = 5
const kinds = ['read', 'read', 'write', 'create', 'replace', 'replace', 'delete'] as const

export interface History {
  /** The operations of each key. */
  operations: Map<string, KeyOperation[]>
  /** The number of operations with each outcome. */
  outcomes: Map<string, number>
}

/**
 * Runs clients that read and write a few keys at once, through any copy of kv-config, until `signal` is aborted. All
 * their operations with the responses are in `history`, which is complete when `ended` resolves.
 */
export function recordHistory(options: {
  urls: readonly string[]
  keys: readonly string[]
  clients: number
  signal: AbortSignal
}): { history: History; ended: Promise<unknown> } {
  const history: History = { operations: new Map(options.keys.map(key => [key, []])), outcomes: new Map() }
  const clients = Array.from({ length: options.clients }, (_, n) =>
    runClient(`client-${n}`, options, history),
  )
  return { history, ended: Promise.all(clients) }
}

async function runClient(
  name: string,
  { urls, keys, signal }: { urls: readonly string[]; keys: readonly string[]; signal: AbortSignal },
  { operations, outcomes }: History,
): Promise<void> {
  /** The entry that this client last read or wrote, by key. */
  const seen = new Map<string, { value: string; revision: number }>()
  for (let n = 0; !signal.aborted; n += 1) {
    const key = pick(keys)
    const input = inputFor(pick(kinds), `${name}/${n}`, seen.get(key)?.value)
    const calledAt = performance.now()
    const answer = await send(`${pick(urls)}/key/${key}`, input, seen.get(key)?.revision)
    const at = performance.now()
    const label = typeof answer === 'string' ? answer : answer.kind
    outcomes.set(label, (outcomes.get(label) ?? 0) + 1)
    if (typeof answer === 'object') {
      operations.get(key)?.push({ input, calledAt, answer: { output: answer, at } })
      if (answer.kind === 'found') seen.set(key, answer)
      if (answer.kind === 'written' && 'value' in input)
        seen.set(key, { value: input.value, revision: answer.revision })
    } else if (answer === 'unknown' && input.kind !== 'read') {
      operations.get(key)?.push({ input, calledAt })
    }
    await delay(pauseMs)
  }
}

function inputFor(kind: (typeof kinds)[number], value: string, expected: string | undefined): Input {
  switch (kind) {
    case 'read':
    case 'delete':
      return { kind }
    case 'write':
    case 'create':
      return { kind, value }
    case 'replace':
      return expected === undefined ? { kind: 'read' } : { kind, expected, value }
  }
}

/** `refused` means that nothing was changed, `unknown` that the change may take effect, now or later. */
async function send(
  url: string,
  input: Input,
  revision: number | undefined,
): Promise<Output | 'refused' | 'unknown'> {
  try {
    const answer = await fetch(url, { ...requestOf(input, revision), signal: AbortSignal.timeout(answerMs) })
    return await readResponse(input, answer)
  } catch {
    return 'unknown'
  }
}

function requestOf(input: Input, revision: number | undefined): RequestInit {
  if (input.kind === 'read') return {}
  if (input.kind === 'delete') return { method: 'DELETE' }
  const headers: Record<string, string> = {}
  if (input.kind === 'create') headers['if-none-match'] = '*'
  if (input.kind === 'replace') headers['if-match'] = `"${revision}"`
  return { method: 'PUT', headers, body: input.value }
}

async function readResponse(input: Input, answer: Response): Promise<Output | 'refused' | 'unknown'> {
  const etag = answer.headers.get('etag')
  const revision = Number(etag?.slice(1, -1))
  const text = await answer.text()
  switch (answer.status) {
    case 200:
    case 201:
      return input.kind === 'read' ? { kind: 'found', value: text, revision } : { kind: 'written', revision }
    case 204:
      return { kind: 'deleted' }
    case 404:
      return { kind: 'absent' }
    case 412:
      return { kind: 'conflict', ...(etag !== null && { revision }) }
    case 503:
      return problemCode(JSON.parse(text)) === 'unavailable' ? 'refused' : 'unknown'
    default:
      throw new Error(`kv-config answers ${answer.status}: ${text}`)
  }
}

function pick<T>(of: readonly T[]): T {
  return of[Math.floor(Math.random() * of.length)] as T
}
