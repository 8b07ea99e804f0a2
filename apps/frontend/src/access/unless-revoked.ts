import type { Body } from '@darkroom/service-kit'
import type { KeyRing } from '../keys/key-ring.ts'
import type { Caller } from './caller.ts'
import { refuseRevoked } from './refusals.ts'

/**
 * The body of an upload. Reading it fails once the key of its caller is revoked, at the latest at its end. Otherwise an
 * upload in progress would leave an image of an owner who has been erased.
 *
 * @throws ServiceProblem 401, also while the result is read
 */
export function unlessRevoked(
  body: Body,
  caller: Pick<Caller, 'keyId' | 'grant'>,
  keys: Pick<KeyRing, 'describe'>,
): Uint8Array | AsyncIterable<Uint8Array> {
  const check = () => requireUnrevoked(caller, keys)
  check()
  return body && !(body instanceof Uint8Array) ? checked(body, check) : (body ?? new Uint8Array())
}

/** For a request that has waited since its key was checked, before it stores anything. @throws ServiceProblem 401 */
export function requireUnrevoked(
  caller: Pick<Caller, 'keyId' | 'grant'>,
  keys: Pick<KeyRing, 'describe'>,
): void {
  if (caller.keyId !== undefined && keys.describe(caller.keyId) === undefined) throw refuseRevoked(caller)
}

async function* checked(body: AsyncIterable<Uint8Array>, check: () => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    check()
    yield chunk
  }
  check()
}
