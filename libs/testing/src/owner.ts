/** A test or, with `after` of node:test, a whole file. It ends everything that was started for it. */
export interface Owner {
  after(end: () => unknown): void
}
