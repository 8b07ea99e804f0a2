import type { TProperties } from './typebox/typebox.js'

export interface OperationDefinition {
  readonly summary: string
  /** How it is written as text: [what may be left out], <what may not>. */
  readonly form: string
  readonly example: string
  readonly properties: TProperties
  /** Reads what stands behind `name:`; what it can't read is left to the schema to refuse. */
  parse(text: string): Record<string, unknown>
  /** Refuses what a schema can't. @throws InvalidOperations */
  verify?(argument: Record<string, unknown>): void
}

/** Keeps the type of the properties, from which the type of the operation is derived. */
export function defineOperation<const Properties extends TProperties>(
  definition: Omit<OperationDefinition, 'properties'> & { readonly properties: Properties },
) {
  return definition
}
