/** An invalid command line. The usage is printed after the message. */
export class UsageError extends Error {}

/** An invalid command line whose message is enough: the usage is not printed after it. */
export class BriefUsageError extends UsageError {}

/** The error of a command whose argument is missing, or is not one of `choices`. */
export function argumentError(command: string, choices: string, given: readonly string[]): UsageError {
  const got = given.length === 0 ? '' : `, got "${given.join(' ')}"`
  return new UsageError(`${command} needs an argument: ${choices}${got}`)
}

/** @throws UsageError for a text that cannot be a part of a path, such as the empty value of a variable */
export function requirePathPart(what: string, text: string): void {
  if (['', '.', '..'].includes(text)) throw new BriefUsageError(`"${text}" cannot be ${what}`)
}

/** @throws UsageError for an option that the command doesn't have */
export function refuseOtherOptions(command: string, others: object): void {
  const [option] = Object.keys(others)
  if (option !== undefined) throw new UsageError(`${command} has no option --${option}`)
}

/** @throws UsageError for arguments of a command that takes none */
export function refuseArguments(command: string, surplus: readonly string[]): void {
  if (surplus.length > 0) throw new UsageError(`${command} takes no arguments, got "${surplus.join(' ')}"`)
}
