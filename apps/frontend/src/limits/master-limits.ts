import type { Client, imageMasterRoutes, Limits } from '@darkroom/contracts'

/** How long the limits are kept before they are read again. */
const limitsAgeMs = 5000

/** The limits that the master applies, at most a few seconds old; undefined while no master answers. */
export function masterLimits({
  imageMaster,
}: {
  imageMaster: Pick<Client<typeof imageMasterRoutes>, 'getLimits'>
}): () => Promise<Limits | undefined> {
  let known: { limits: Promise<Limits | undefined>; at: number } | undefined
  return async () => {
    const now = performance.now()
    if (!known || now - known.at > limitsAgeMs) {
      const limits = imageMaster.getLimits({ signal: AbortSignal.timeout(1000) }).then(
        ({ body }) => body,
        () => undefined,
      )
      known = { limits, at: now }
    }
    return known.limits
  }
}
