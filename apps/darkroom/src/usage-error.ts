/** A wrong use of the command line. `isBrief`: the message is enough, and the usage is not printed. */
export class UsageError extends Error {
  readonly isBrief: boolean

  constructor(message: string, { isBrief = false } = {}) {
    super(message)
    this.isBrief = isBrief
  }
}
