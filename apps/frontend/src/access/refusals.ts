import { ServiceProblem } from '@darkroom/service-kit'

const first = 'darkroom keys create --role operator, on a machine where Darkroom runs'

const keyRefusals = {
  'no-key': 'an API key is needed: send Authorization: Bearer dk_…; an operator of this Darkroom makes keys',
  'no-key-exists': `an API key is needed, and none has been made yet; the first is made by: ${first}. Then send Authorization: Bearer dk_…`,
  'not-a-key':
    'this is not an API key of Darkroom: a character is missing or mistyped; keys are dk_, 12 letters and digits, _, and 38 letters and digits',
  'unknown-key': 'this API key is not valid: it was revoked, or never made here',
  'session-over': 'this session has ended, or its key was revoked: sign in again',
  expired: 'this API key has expired; an operator makes another: darkroom keys rotate',
} as const

/** The refusal of a request without a key, or with a key that is not valid. */
export function refuseKey(reason: keyof typeof keyRefusals): ServiceProblem {
  const isMissing = reason === 'no-key' || reason === 'no-key-exists'
  // RFC 6750, 3.1: a challenge names no error if the request had no key.
  const challenge = `Bearer realm="Darkroom"${isMissing ? '' : ', error="invalid_token"'}`
  return new ServiceProblem(401, isMissing ? 'key-required' : 'key-refused', keyRefusals[reason], {
    headers: { 'www-authenticate': challenge },
  })
}

const callerRefusals = {
  'not-an-operator': 'only operators may do this: use an API key with the role operator',
  'no-keys-here':
    'this frontend serves everybody, so it knows no operators; keys are managed by: darkroom keys create',
} as const

export function refuseCaller(reason: keyof typeof callerRefusals): ServiceProblem {
  return new ServiceProblem(403, 'operators-only', callerRefusals[reason])
}
