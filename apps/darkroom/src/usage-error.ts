/** An invalid command line. The usage is printed after the message. */
export class UsageError extends Error {}

/** An invalid command line whose message is enough: the usage is not printed after it. */
export class BriefUsageError extends UsageError {}

/** @throws UsageError for an option that the command doesn't have */
export function refuseOtherOptions(command: string, others: object): void {
  const [option] = Object.keys(others)
  if (option !== undefined) throw new UsageError(`${command} has no option --${option}`)
}
