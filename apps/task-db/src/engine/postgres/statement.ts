import type { QueryConfig } from 'pg'

export interface Statement {
  text: string
  values?: readonly unknown[]
  /** One plan is good for all values, so PostgreSQL need not plan it each time (plans.ts). */
  keepsPlan?: boolean
}

const names = new Map<string, string>()

/**
 * As a named statement, which PostgreSQL parses once per connection: in a measurement, parsing each time took a fifth of its
 * CPU time. Names and parsed statements are kept, so values must not be part of the text.
 */
export function prepared({ text, values = [] }: Statement): QueryConfig {
  const name = names.get(text) ?? `statement-${names.size + 1}`
  names.set(text, name)
  return { name, text, values: [...values] }
}
