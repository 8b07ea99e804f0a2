import { OutcomeUnknown, StoreFull, StoreMisconfigured, StoreUnavailable } from '@darkroom/service-kit'
import type { EtcdRefusal } from './refusal.ts'

/** etcd can't be reached, or has no leader; nothing was changed. */
export function unavailable(cause: unknown): StoreUnavailable {
  return new StoreUnavailable('the store does not answer; try again', { cause })
}

/** Nothing was written, and etcd refuses writes until an administrator frees space. */
export function full(cause: unknown): StoreFull {
  return new StoreFull('the store is full and refuses writes; nothing was changed', { cause })
}

/** etcd refuses this service, or its access to these keys, until an administrator changes a setting. */
export function misconfigured(cause: EtcdRefusal): StoreMisconfigured {
  const message = `etcd refuses this service (${cause.reason}): check the user and password in KV_STORE_URL, and the roles of that user`
  return new StoreMisconfigured(message, { cause })
}

/** A write was sent and its response lost. The write may take effect even after this error is thrown. */
export function outcomeUnknown(cause: unknown): OutcomeUnknown {
  const message = 'the store did not answer in time: the write may or may not have taken effect; read the key'
  return new OutcomeUnknown(message, { cause })
}
