import { OutcomeUnknown, StoreFull, StoreMisconfigured, StoreUnavailable } from '@darkroom/service-kit'
import type { EtcdRefusal } from './refusal.ts'

/** etcd can't be reached, or has no leader now; nothing was changed. */
export function unavailable(cause: unknown): StoreUnavailable {
  return new StoreUnavailable('the store does not answer; try again', { cause })
}

/** Nothing was written. It stays so until somebody makes room. */
export function full(cause: unknown): StoreFull {
  return new StoreFull('the store is full and takes no writes; nothing was changed', { cause })
}

/** etcd lets this service in no more, or not to these keys. It stays so until somebody changes a setting. */
export function misconfigured(cause: EtcdRefusal): StoreMisconfigured {
  const message = `etcd refuses this service (${cause.reason}): check the user and password in KV_STORE_URL, and the roles of that user`
  return new StoreMisconfigured(message, { cause })
}

/** A write was sent and its answer lost. It may take effect even later than this is thrown. */
export function outcomeUnknown(cause: unknown): OutcomeUnknown {
  const message = 'the store did not answer in time: the write may have taken effect or not; read what stands'
  return new OutcomeUnknown(message, { cause })
}
