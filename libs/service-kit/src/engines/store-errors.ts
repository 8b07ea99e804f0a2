/**
 * What an engine throws when it can't do what is asked. Engines know no HTTP: `store-problems.ts` of a service gives
 * these errors their public face.
 */

/** What the engine stands on doesn't answer; later it may. */
export class StoreUnavailable extends Error {}

/** What the engine stands on refuses us, until somebody changes a setting here or there. */
export class StoreMisconfigured extends StoreUnavailable {}

/** The answer to a write was lost: it may have happened, or may still happen. */
export class OutcomeUnknown extends StoreUnavailable {}

/** What the engine stands on refuses this request, and would refuse it again. */
export class RequestRefused extends Error {}

/** No room for more; nothing was changed. */
export class StoreFull extends Error {}
