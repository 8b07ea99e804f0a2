/** The command line asks for something that there isn't. Brief where its message says all there is to know. */
export class UsageError extends Error {
  readonly isBrief: boolean

  constructor(message: string, { isBrief = false } = {}) {
    super(message)
    this.isBrief = isBrief
  }
}
