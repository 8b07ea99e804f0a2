/** What a tab tells the shared worker. */
export type TabMessage = 'visible' | 'hidden' | 'reconnect' | 'gone'

/** A visible tab reports this often. */
export const tabReportMs = 15_000
/** A tab that was silent for so long is not visible any more. */
export const tabTimeoutMs = 40_000
