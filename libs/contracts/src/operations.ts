import { brokenRule } from './broken-rule.ts'
import type { OperationDefinition } from './define-operation.ts'
import { type Operation, type OperationName, operationTable } from './operation-table.ts'
import { aliasesOf, asTableSpells, InvalidOperations } from './operation-text.ts'
import { type Static, type TProperties, type TSchema, Type, Value } from './typebox/typebox.js'

export const operationNames = Object.keys(operationTable) as OperationName[]
export const maxOperations = 10
/** The length up to which an error repeats a value. */
const maxShownLength = 100
export const defaultOperations: readonly Operation[] = [{ name: 'swap-channels', order: 'bgr' }]

/** Operations as they are stored and returned: with defaults filled in. */
export const Operations = Type.Unsafe<Operation[]>(
  Type.Array(Type.Union(operationNames.map(name => schemaOf(name, operationTable[name].properties))), {
    minItems: 1,
    maxItems: maxOperations,
  }),
)

export const OperationDescription = Type.Object({
  name: Type.String(),
  aliases: Type.Array(Type.String(), { description: 'Other accepted names' }),
  summary: Type.String(),
  form: Type.String({ description: 'The text form: [optional], <required>' }),
  example: Type.String({ description: 'As written in `?operations=`' }),
  schema: Type.Unknown({ description: 'JSON Schema of the JSON form' }),
})
export type OperationDescription = Static<typeof OperationDescription>

/**
 * Reads operations written as `swap-channels:bgr,swap-channels` or as JSON `[{"name":"swap-channels"}]`. Omitted arguments
 * get their defaults.
 *
 * @throws InvalidOperations
 */
export function parseOperations(text: string): Operation[] {
  if (text.trim() === '') return checkAll([])
  return checkAll(/^\s*[[{]/.test(text) ? parseJson(text) : text.split(',').map(parseText))
}

/** Reads operations from a value of a JSON document: text, or a list. @throws InvalidOperations */
export function readOperations(given: unknown): Operation[] {
  if (typeof given === 'string') return parseOperations(given)
  if (Array.isArray(given)) return checkAll(given)
  throw new InvalidOperations(
    `operations must be text, such as "flip", or a list, such as [{"name":"flip"}]${gotOf(given)}`,
  )
}

function checkAll(items: readonly unknown[]): Operation[] {
  if (items.length === 0)
    throw new InvalidOperations('the list of operations is empty: name an operation, or leave the list out')
  if (items.length > maxOperations) {
    throw new InvalidOperations(`got ${items.length} operations; at most ${maxOperations} are allowed`)
  }
  return items.map(check)
}

/** Describes all operations, for people and programs: one line, an example as text, and the JSON form of each. */
export function describeOperations(): OperationDescription[] {
  return operationNames.map(name => {
    const { summary, form, example } = operationTable[name]
    return { name, aliases: aliasesOf(name), summary, form, example, schema: operationSchema(name) }
  })
}

/** Writes operations in the form that parseOperations reads. */
export function formatOperations(operations: readonly Operation[]): string {
  return JSON.stringify(operations)
}

function parseText(item: string): Record<string, unknown> {
  const [, name = '', text = ''] = /^\s*([^:]*?)\s*(?::(.*?))?\s*$/s.exec(item) ?? []
  if (name === '') throw new InvalidOperations('an operation is empty: remove the extra comma')
  const known = asTableSpells(name)
  const definition = definitionOf(known)
  return { name: known, ...explained(known, () => definition.parse(text)) }
}

function parseJson(text: string): unknown[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new InvalidOperations(`the operations are not valid JSON: ${(cause as Error).message}`, { cause })
  }
  if (Array.isArray(value)) return value
  throw new InvalidOperations('operations in JSON must be a list, such as [{"name":"flip"}], got an object')
}

function check(item: unknown): Operation {
  if (typeof item !== 'object' || item === null || !('name' in item) || typeof item.name !== 'string')
    throw new InvalidOperations(
      `an operation in JSON must be an object with a name, such as {"name":"flip"}${gotOf(item)}`,
    )
  const name = asTableSpells(item.name)
  const definition = definitionOf(name)
  const schema = operationSchema(name as OperationName)
  const operation = Value.Default(schema, spelledAsInTable(item))
  const errors = Value.Errors(schema, operation)
  const error = errors.find(({ keyword }) => keyword === 'additionalProperties') ?? errors[0]
  if (error) throw new InvalidOperations(`${name}: ${describe(error, operation, schema)}${forExample(name)}`)
  explained(name, () => definition.verify?.(operation as never))
  return operation as Operation
}

function spelledAsInTable(item: object): object {
  const spelled = Object.entries(item).map(([argument, value]) => [
    argument,
    typeof value === 'string' ? asTableSpells(value) : value,
  ])
  return Object.fromEntries(spelled)
}

function definitionOf(name: string): OperationDefinition {
  if (!Object.hasOwn(operationTable, name)) {
    throw new InvalidOperations(
      `unknown operation "${name}"; available operations: ${operationNames.join(', ')}`,
    )
  }
  return operationTable[name as OperationName]
}

/** Adds the name of the operation and an example to the errors of `read`. */
function explained<Result>(name: string, read: () => Result): Result {
  try {
    return read()
  } catch (error) {
    if (error instanceof InvalidOperations)
      throw new InvalidOperations(`${name}: ${error.message}${forExample(name)}`, { cause: error })
    throw error
  }
}

function forExample(name: string): string {
  const { form, example } = operationTable[name as OperationName]
  return form === example ? `; syntax: ${form}` : `; syntax: ${form}, for example ${example}`
}

function describe(
  error: { keyword: string; instancePath: string; message: string; params: object },
  operation: unknown,
  { properties }: { properties: Record<string, TSchema & { description?: string }> },
): string {
  if ('requiredProperties' in error.params)
    return `missing ${[error.params.requiredProperties].flat().join(', ')}`
  const argument = error.instancePath.slice(1)
  const got = gotOf((operation as Record<string, unknown>)[argument])
  // Readers understand the description, not the pattern.
  const description = properties[argument]?.description
  if (error.keyword === 'pattern' && description)
    return `${argument} is not valid${got}; expected: ${description}`
  return `${argument ? `${argument} ` : ''}${brokenRule(error)}${got}`
}

/** The given value, for the end of an error; empty for lists and objects, which may be large. */
function gotOf(value: unknown): string {
  if (typeof value === 'string') return `, got "${value.slice(0, maxShownLength)}"`
  return typeof value === 'number' || typeof value === 'boolean' || value === null ? `, got ${value}` : ''
}

/** The JSON form of one operation as people write it: arguments with a default may be omitted. */
export function operationSchema(name: OperationName) {
  const given = Object.entries<TSchema>(operationTable[name].properties).map(([argument, schema]) => [
    argument,
    'default' in schema ? Type.Optional(schema) : schema,
  ])
  return schemaOf(name, Object.fromEntries(given))
}

function schemaOf(name: OperationName, properties: TProperties) {
  const { summary } = operationTable[name]
  return Type.Object(
    { name: Type.Literal(name), ...properties },
    { additionalProperties: false, description: summary },
  )
}
