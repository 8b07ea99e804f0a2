let aheadMs = 0

/** Compares the clocks by the `Date` of a response that has just arrived. */
export function setServerClock(date: string | null): void {
  const ms = Date.parse(date ?? '')
  if (!Number.isNaN(ms)) aheadMs = ms - Date.now()
}

/** Now by the clock of the server, with which the instants of images can be compared: a user's clock may be days off. */
export function serverNow(): number {
  return Date.now() + aheadMs
}
