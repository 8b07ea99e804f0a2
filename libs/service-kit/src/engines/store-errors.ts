/**
 * The errors that engines throw. They are independent of HTTP: each service's `store-problems.ts` maps them to
 * problems.
 */

/** The server behind the engine doesn't answer; it may answer later. */
export class StoreUnavailable extends Error {}

/** The server behind the engine refuses this service, until the settings of one of them are changed. */
export class StoreMisconfigured extends StoreUnavailable {}

/** The response to a write was lost: the write may have happened, or may still happen. */
export class OutcomeUnknown extends StoreUnavailable {}

/** The server behind the engine refuses this request, and would refuse it again. */
export class RequestRefused extends Error {}

/** The store is full; nothing was changed. */
export class StoreFull extends Error {}

/** The error of an engine that writes files itself. */
export function diskFull(cause: unknown): StoreFull {
  return new StoreFull('the disk is full; nothing was changed', { cause })
}

/** The same for a disk that refuses writes at the moment, as a read-only disk does. */
export function diskRefused(cause: unknown): StoreUnavailable {
  return new StoreUnavailable('the disk refuses to store data; nothing was changed', { cause })
}

/** The same for a disk that failed: data that it acknowledged may be lost. */
export function diskFailed(cause: unknown): StoreUnavailable {
  return new StoreUnavailable('the disk did not store the data; fix the disk, then restart', { cause })
}
