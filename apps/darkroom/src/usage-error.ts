/** An invalid command line. `isBrief`: the usage is not printed after the message. */
export class UsageError extends Error {
  readonly isBrief: boolean

  constructor(message: string, { isBrief = false } = {}) {
    super(message)
    this.isBrief = isBrief
  }
}

/** @throws UsageError if an option was given that the command doesn't have */
export function refuseOtherOptions(command: string, others: object): void {
  const [option] = Object.keys(others)
  if (option !== undefined) throw new UsageError(`${command} has no option --${option}`)
}
