import { Owner } from '@darkroom/contracts'
import { Value } from '@darkroom/contracts/typebox'
import { BriefUsageError } from './usage-error.ts'

/** @throws UsageError if the value of --owner is not a valid owner */
export function requireOwner(owner: string): void {
  if (Value.Check(Owner, owner)) return
  const rule = 'at most 64 letters, digits and . _ @ + -, the first a letter or a digit'
  throw new BriefUsageError(`--owner must be ${rule}; got "${owner}"`)
}
