/** The messages of a tab to the shared worker. */
export type TabMessage = 'visible' | 'hidden' | 'reconnect' | 'gone'

/** The only message of the worker to a tab that is not about images. */
export const askForReport = 'report'

/** How often a visible tab reports. */
export const tabReportMs = 15_000
/** A tab without a report for this long counts as hidden. */
export const tabTimeoutMs = 40_000
