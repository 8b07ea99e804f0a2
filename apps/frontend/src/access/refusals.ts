import { ServiceProblem } from '@darkroom/service-kit'
import type { Caller } from './caller.ts'

const keyRefusals = {
  'no-key':
    'an API key is needed: send Authorization: Bearer dk_…; ask an operator of this Darkroom for a key',
  'no-key-exists':
    'an API key is needed, and there is no key yet: run npx darkroom keys create --role operator where Darkroom runs, then send the key as Authorization: Bearer dk_…',
  'not-a-key':
    'this is not a valid API key: a character is missing or mistyped; keys are dk_, 12 letters and digits, _, and 38 letters and digits',
  'unknown-key': 'this Darkroom has no such API key: it was revoked, or created for another Darkroom',
  'session-over': 'this session has ended, or its key was revoked: sign in again',
  expired: 'this API key has expired; an operator can replace it: npx darkroom keys rotate <id>',
} as const

/** The refusal of a request without a key, or with a key that is not valid. */
export function refuseKey(reason: keyof typeof keyRefusals): ServiceProblem {
  const isMissing = reason === 'no-key' || reason === 'no-key-exists'
  return isMissing
    ? new ServiceProblem(401, 'key-required', keyRefusals[reason], { headers: challenge() })
    : new ServiceProblem(401, 'key-refused', keyRefusals[reason], { headers: challenge('invalid_token') })
}

const grantRefusals = {
  'not-a-grant': 'this is not a valid grant: it is incomplete, or was altered; ask for another',
  over: 'this grant has ended, or its key was revoked: ask for another',
  'record-not-valid': 'the record of this grant in kv-config is not valid; ask for another',
} as const

/** The refusal of a grant that is not valid, or has ended. */
export function refuseGrant(reason: keyof typeof grantRefusals): ServiceProblem {
  const headers = challenge('invalid_token')
  return new ServiceProblem(401, 'grant-refused', grantRefusals[reason], { headers })
}

/** The refusal of a caller whose key was revoked during the request. */
export function refuseRevoked({ grant }: Pick<Caller, 'grant'>): ServiceProblem {
  return grant ? refuseGrant('over') : refuseKey('unknown-key')
}

/** RFC 6750, 3.1: a challenge has no error code if the request had no key. */
function challenge(error?: 'invalid_token'): { 'www-authenticate': string } {
  return { 'www-authenticate': `Bearer realm="Darkroom"${error ? `, error="${error}"` : ''}` }
}

const callerRefusals = {
  'only-a-grant':
    'a grant allows only uploads, and reading the images that were uploaded with it; use an API key',
  'not-an-operator': 'only operators may do this: use an API key with the role operator',
  'no-keys-here':
    'this frontend is open, so it has no operators; manage API keys with the command line: npx darkroom keys create',
} as const

export function refuseCaller(reason: keyof typeof callerRefusals): ServiceProblem {
  const code = reason === 'only-a-grant' ? 'not-with-a-grant' : 'operators-only'
  return new ServiceProblem(403, code, callerRefusals[reason])
}

/** @throws ServiceProblem 403 if the holder of a grant sent an option */
export function requireNoOptions(given: Readonly<Record<string, unknown>>): void {
  const names = Object.keys(given).filter(name => given[name] !== undefined)
  if (names.length === 0) return
  const message = `a grant fixes the options of its uploads: omit ${names.join(', ')}`
  throw new ServiceProblem(403, 'not-with-a-grant', message)
}
