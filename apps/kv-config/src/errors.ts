import { retryLater, ServiceProblem } from '@darkroom/service-kit'

/** The store can't be reached, or has no leader now; nothing was changed. */
export function storeUnavailable(cause: unknown): ServiceProblem {
  return retryLater(503, 'unavailable', 'the store does not answer; try again', 1, cause)
}

/** etcd is full: nothing was written. It stays so until somebody makes room. */
export function storeFull(cause: unknown): ServiceProblem {
  return retryLater(
    503,
    'store-full',
    'the store is full and takes no writes; nothing was changed',
    30,
    cause,
  )
}

/** etcd lets this service in no more, or not to these keys. It stays so until somebody changes a setting. */
export function storeRefuses(reason: string, cause: unknown): ServiceProblem {
  const detail = `etcd refuses this service (${reason}): check the user and password in KV_STORE_URL, and the roles of that user`
  return retryLater(503, 'store-refuses', detail, 30, cause)
}

/** A write was sent and its answer lost. It may take effect even later than this is said. */
export function outcomeUnknown(cause: unknown): ServiceProblem {
  const detail = 'the store did not answer in time: the write may have taken effect or not; read what stands'
  return retryLater(503, 'outcome-unknown', detail, 1, cause)
}

/** The cluster doesn't change its members in this way now. */
export function membersUnchanged(reason: string): ServiceProblem {
  return new ServiceProblem(409, 'members-unchanged', `the members stay as they are: ${reason}`)
}
