import { brokenRule, Owner } from '@darkroom/contracts'
import { Value } from '@darkroom/contracts/typebox'
import { BriefUsageError } from './usage-error.ts'

/** @throws UsageError if the value of --owner is not a valid owner */
export function requireOwner(owner: string): void {
  const [error] = Value.Errors(Owner, owner)
  if (error) throw new BriefUsageError(`--owner ${brokenRule(error)}, got "${owner}"`)
}
