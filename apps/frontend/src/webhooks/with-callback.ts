import { ServiceProblem } from '@darkroom/service-kit'
import type { Caller } from '../access/caller.ts'
import type { Outbound } from '../outbound/outbound.ts'

/** The options with the callback that the request names, or else the callback of the key. @throws ServiceProblem 400 */
export function withCallback<Options extends { callback?: string }>(
  options: Options,
  caller: Pick<Caller, 'callback'>,
  outbound: Pick<Outbound, 'mistakeIn'>,
): Options {
  const callback = options.callback ?? caller.callback
  if (callback === undefined) return options
  requireCallback(callback, outbound)
  return { ...options, callback }
}

/** @throws ServiceProblem 400 if notices can't be sent to this URL */
export function requireCallback(callback: string, outbound: Pick<Outbound, 'mistakeIn'>): void {
  const mistake = outbound.mistakeIn(callback)
  if (mistake === undefined) return
  throw new ServiceProblem(400, 'invalid-callback', `the callback cannot be used: ${mistake}`)
}
