import type { TProperties } from './typebox/typebox.js'

export interface OperationDefinition {
  readonly summary: string
  /** How it is written as text: [optional], <required>. */
  readonly form: string
  readonly example: string
  readonly properties: TProperties
  /** Reads the text after `name:`. Values that it can't read are passed on, and the schema refuses them. */
  parse(text: string): Record<string, unknown>
  /** Checks the rules that a schema can't express. @throws InvalidOperations */
  verify?(argument: Record<string, unknown>): void
}

/** Keeps the type of the properties, from which the type of the operation is derived. */
export function defineOperation<const Properties extends TProperties>(
  definition: Omit<OperationDefinition, 'properties'> & { readonly properties: Properties },
) {
  return definition
}
