import { signal } from '@preact/signals'
import { Refusal } from '../api/refusal.ts'
import { onUnauthorized, request } from '../api/request.ts'
import { notice } from '../shell/notice.ts'
import { tabChannel } from '../shell/tab-channel.ts'

/** The user of the page; unknown until the server has answered. */
export type Session =
  | { state: 'unknown' }
  /** ended: its key was revoked or has expired. left: the user signed out. */
  | { state: 'signed-out'; why: 'new' | 'ended' | 'left' }
  | { state: 'signed-in'; role: string; owner?: string; name?: string }
  | { state: 'open' }

export const session = signal<Session>({ state: 'unknown' })
/** Why the user is unknown, if the server has refused the request. */
export const sessionProblem = signal<Refusal | undefined>(undefined)
const retryMs = 2000
/** The number of the latest read of the session. */
let latest = 0
/** Whether the form for the key is shown. */
export const askForKey = signal(false)

/** Tabs share the cookie, so a change of the session in one tab must reach the others. */
const otherTabs = tabChannel('darkroom-session')
otherTabs.onmessage = ({ data }) => (data === 'left' ? leave() : void readSession())

// The refused request may have been sent before the user signed in, so the session is read again.
onUnauthorized.call = () => void readSession()

function requireKey(): void {
  const { state } = session.value
  if (state !== 'signed-out')
    session.value = { state: 'signed-out', why: state === 'signed-in' ? 'ended' : 'new' }
  askForKey.value = true
}

function leave(): void {
  latest += 1 // the response to an earlier read is outdated
  session.value = { state: 'signed-out', why: 'left' }
  askForKey.value = true
}

interface SessionResponse {
  role?: string
  owner?: string
  name?: string
  keyId?: string
}

/** Reads the session from the server. Ignores the response if a later read has begun. */
export async function readSession(): Promise<void> {
  const turn = ++latest
  try {
    const response = await request<SessionResponse>('session', { mayLackKey: true })
    if (turn !== latest) return
    session.value = isSignedIn(response)
      ? { role: 'user', ...response, state: 'signed-in' }
      : { state: 'open' }
  } catch (error) {
    if (!(error instanceof Refusal) || turn !== latest) return
    if (error.status === 401) requireKey()
    else if (error.status === 404) session.value = { state: 'open' }
    else {
      sessionProblem.value = error
      setTimeout(() => void readSession(), retryMs)
    }
  }
}

function isSignedIn(response: SessionResponse): boolean {
  return response.keyId !== undefined
}

/** @throws Refusal if the key is not valid */
export async function signIn(key: string): Promise<void> {
  await request('session', { method: 'POST', json: { key }, mayLackKey: true })
  askForKey.value = false
  await readSession()
  otherTabs.postMessage('changed')
}

/** Called before the session ends, to finish requests that need it. */
export const beforeSignOut = { call: async () => {} }

/** If it fails, the session stays, and the error is shown. */
export async function signOut(): Promise<void> {
  await beforeSignOut.call()
  try {
    await request('session', { method: 'DELETE' })
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    if (error.status !== 401) return notice(error)
  }
  leave()
  otherTabs.postMessage('left')
}
