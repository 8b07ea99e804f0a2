import type { DevelopOptions } from '@darkroom/client/source'
import { InvalidOperations, parseOperations, readVariants } from '@darkroom/contracts'
import { BriefUsageError } from './usage-error.ts'

/**
 * Reads `--operations` and every `--variant`, so that a mistake is reported before the first request. Returns the variants.
 *
 * @throws UsageError
 */
export function readOperationOptions({
  operations,
  variant,
}: {
  operations?: string | undefined
  variant?: string[] | undefined
}): DevelopOptions['variants'] {
  try {
    if (operations !== undefined) parseOperations(operations)
    if (variant === undefined) return undefined
    const lists = variant.map((text): [string, string] => {
      const end = text.indexOf('=')
      if (end < 1)
        throw new InvalidOperations(
          `--variant must be a name and its operations, such as thumb=resize:200x200, got "${text}"`,
        )
      return [text.slice(0, end).trim(), text.slice(end + 1)]
    })
    readVariants(lists)
    return Object.fromEntries(lists)
  } catch (error) {
    throw error instanceof InvalidOperations ? new BriefUsageError(error.message) : error
  }
}
