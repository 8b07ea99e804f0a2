import { ServiceProblem } from '@darkroom/service-kit'

const keyRefusals = {
  'no-key':
    'an API key is needed: send Authorization: Bearer dk_…; ask an operator of this Darkroom for a key',
  'no-key-exists':
    'an API key is needed, and there is no key yet: run npx darkroom keys create --role operator where Darkroom runs, then send the key as Authorization: Bearer dk_…',
  'not-a-key':
    'this is not a valid API key: a character is missing or mistyped; keys are dk_, 12 letters and digits, _, and 38 letters and digits',
  'unknown-key': 'this Darkroom has no such API key: it was revoked, or created for another Darkroom',
  'session-over': 'this session has ended, or its key was revoked: sign in again',
  'not-a-grant': 'this is not a valid grant: it is incomplete, or was altered',
  'grant-over': 'this grant has ended, or its key was revoked: ask for another',
  expired: 'this API key has expired; an operator can replace it: npx darkroom keys rotate <id>',
} as const

/** The refusal of a request without a key, or with a key that is not valid. */
export function refuseKey(reason: keyof typeof keyRefusals): ServiceProblem {
  const isMissing = reason === 'no-key' || reason === 'no-key-exists'
  // RFC 6750, 3.1: a challenge has no error code if the request had no key.
  const challenge = `Bearer realm="Darkroom"${isMissing ? '' : ', error="invalid_token"'}`
  return new ServiceProblem(401, isMissing ? 'key-required' : 'key-refused', keyRefusals[reason], {
    headers: { 'www-authenticate': challenge },
  })
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
