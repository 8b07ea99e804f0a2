import type { Problem } from '@darkroom/contracts'
import { serverNow } from './server-clock.ts'

/** A request that was refused or got no response, explained for people: what happened, and what to do. */
export class Refusal extends Error {
  /** The status of the response; 0 if no response arrived. */
  readonly status: number
  /** The stable code of the problem document. */
  readonly code: string
  readonly remedy: string
  /** How long to wait before the next attempt, if the server sent it. */
  readonly retryAfterMs: number | undefined

  constructor({ status, code, message, remedy, retryAfterMs }: RefusalFacts) {
    super(message)
    this.status = status
    this.code = code
    this.remedy = remedy
    this.retryAfterMs = retryAfterMs
  }

  /** Whether the same request can succeed later, without a change. */
  get isTemporary(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500 || this.status === 408
  }
}

/** The advice if the page does not repeat the request by itself. */
function remedyByHand({ remedy }: Refusal): string {
  return remedy.replace(/The page (waits|continues|tries)[^.]*/, 'Try again in a moment')
}

interface RefusalFacts {
  status: number
  code: string
  message: string
  remedy: string
  retryAfterMs?: number | undefined
}

export const offline = () =>
  new Refusal({
    status: 0,
    code: 'offline',
    message: 'Darkroom does not answer',
    remedy: 'Check the connection. The page continues automatically when Darkroom answers again.',
  })

/** Such as the sign-in page of a network, which comes with status 200. */
const foreignResponse = () =>
  new Refusal({
    status: 0,
    code: 'foreign-answer',
    message: 'Something other than Darkroom answered',
    remedy: 'Reload the page, and sign in where your network or proxy asks for it.',
  })

/** Part of the page is loaded when it is needed. */
export const notLoaded = () =>
  new Refusal({
    status: 0,
    code: 'not-loaded',
    message: 'A part of this page could not be loaded',
    remedy: 'Check the connection. If Darkroom was upgraded, reload the page.',
  })

/** The JSON of a successful response. @throws Refusal */
export function parseResponse<Result>(text: string): Result {
  try {
    return JSON.parse(text)
  } catch {
    throw foreignResponse()
  }
}

/** Reads a refusal from a response. A proxy may have written it: then it is not a problem document. */
export function refusalFrom(status: number, text: string, retryAfter: string | null): Refusal {
  const problem = parseProblem(text)
  const code = problem?.type.replace(problemPrefix, '') ?? `http-${status}`
  return new Refusal({
    status,
    code,
    message: sentence(words[code] ?? detailOf(problem) ?? proxyWords(status)),
    remedy: remedyFor(code, status, problem !== undefined),
    retryAfterMs: readRetryAfter(retryAfter),
  })
}

const problemPrefix = /^urn:darkroom:problem:/

function parseProblem(text: string): Problem | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && 'type' in value ? (value as Problem) : undefined
  } catch {
    return undefined // a proxy in front of Darkroom answered
  }
}

/**
 * Removes the parts that are not for users of the page: the names of its previews; the syntax of an operation, because the
 * page has a form for it; "try again in 5 s", because the page retries automatically.
 */
function detailOf({ detail, title }: Partial<Problem> = {}): string | undefined {
  return (detail ?? title)?.replace(
    /^variant "page-(before|after|trial-\w+)": |; syntax: .*|; try again[^;]*$/g,
    '',
  )
}

function proxyWords(status: number): string {
  if (status === 413) return 'the proxy in front of Darkroom refuses a file of this size'
  if (status === 401 || status === 403) return 'a proxy in front of Darkroom refuses the request'
  return `the request failed with status ${status}`
}

/** Used instead of details that are written for programs. */
const words: Readonly<Record<string, string>> = {
  'empty-body': 'the file is empty',
  'key-required': 'this Darkroom requires an API key',
  'operators-only': 'only operators may do this',
  'cross-site': 'Darkroom does not accept requests from the address of this page',
}

const remedies: Readonly<Record<string, string>> = {
  'too-large': 'Make the file smaller, or ask the operator to raise MAX_UPLOAD_BYTES.',
  'too-many-pixels': 'Make the image smaller, change the steps, or ask the operator to raise MAX_PIXELS.',
  'not-an-image': 'Choose another file.',
  'empty-body': 'Choose another file.',
  'not-decodable': 'Save the image as JPEG or PNG, or ask the operator for the decoder.',
  'undecodable-image': 'Open and save the file in an image editor, then add it again.',
  'malformed-image': 'The file is damaged. Open and save it in an image editor, then add it again.',
  'invalid-operations': 'Change the steps, then try again.',
  'queue-full': 'The page continues automatically as soon as there is room.',
  'owner-queue-full': 'The page continues automatically as soon as there is room.',
  'too-many-requests': 'The page waits, then continues automatically.',
  'intake-paused': 'The page continues automatically when an operator opens uploads again.',
  'disk-full': 'The operator must free disk space. The page tries again automatically.',
  'key-required': 'Sign in with your API key.',
  'key-refused': 'Sign in with another API key, or ask an operator for a new key.',
  'operators-only': 'Sign out, then sign in with the key of an operator.',
  'cross-site': 'The operator must add the address of this page to PUBLIC_URL.',
  'host-not-allowed': 'The operator must add the address of this page to PUBLIC_URL.',
  'took-too-long': 'Use fewer steps or a smaller image, then add it again.',
  'processing-failed': 'Change the steps or save the image in another format, then add it again.',
  'processing-crashed': 'Develop it again, or save the image in another format and add that.',
  'invalid-preset': 'Choose another preset, then try again.',
  'image-not-found': 'It was deleted or has expired. Upload the original again.',
}

/** The advice for an image that failed; empty for a type without advice. */
export function remedyForFailure(type: string): string {
  return remedies[type.replace(problemPrefix, '')] ?? ''
}

function remedyFor(code: string, status: number, isOwnResponse: boolean): string {
  const known = remedies[code]
  if (known !== undefined) return known
  if (!isOwnResponse && status === 413)
    return 'Ask the operator to raise the limit of the proxy, such as client_max_body_size.'
  if (status === 415) return remedies['not-an-image'] ?? ''
  if (status === 413) return remedies['too-large'] ?? ''
  if (status === 408 || status === 429 || status >= 500) return 'The page tries again automatically.'
  return 'Reload the page, then try again.' // such as after an upgrade, or if another tab has changed the image
}

/** Seconds or a date (RFC 9110, 10.2.3), in milliseconds from now. */
function readRetryAfter(text: string | null): number | undefined {
  if (text === null || text === '') return undefined
  const seconds = Number(text)
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(text) - serverNow()
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined
}

export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** The text of an error of a request that the user made; a refusal also has a remedy. */
export function inWords(error: Error): string {
  return error instanceof Refusal ? `${error.message}. ${remedyByHand(error)}` : error.message
}
