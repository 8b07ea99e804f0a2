import { type Static, type TObject, type TProperties, Type } from 'typebox'
import { Value } from 'typebox/value'

export const channelOrders = ['bgr', 'rbg', 'grb', 'gbr', 'brg', 'rgb'] as const
export type ChannelOrder = (typeof channelOrders)[number]

/** Every operation a task can name, in one table: what it takes, and how `name:text` is read. */
export const operationTable = {
  'swap-channels': define({
    summary: 'Reorders the colour channels: red, green and blue of the result are those named, in that order',
    properties: { order: Type.Enum(channelOrders, { default: 'bgr' }) },
    parse: text => (text === '' ? {} : { order: text }),
  }),
}

export type OperationName = keyof typeof operationTable
export type OperationNamed<Name extends OperationName> = { name: Name } & Static<
  TObject<(typeof operationTable)[Name]['properties']>
>
export type Operation = { [Name in OperationName]: OperationNamed<Name> }[OperationName]

export const operationNames = Object.keys(operationTable) as OperationName[]
export const maxOperations = 10
export const defaultOperations: readonly Operation[] = [{ name: 'swap-channels', order: 'bgr' }]

const schemas = operationNames.map(operationSchema)

export const Operations = Type.Unsafe<Operation[]>(
  Type.Array(Type.Union(schemas), { minItems: 1, maxItems: maxOperations }),
)

/** Thrown for operations that can't be read; its message says what is wrong and what would be right. */
export class InvalidOperations extends Error {}

/**
 * Reads operations written as `swap-channels:bgr,swap-channels` or as JSON `[{"name":"swap-channels"}]`.
 * Arguments left out get their defaults.
 */
export function parseOperations(text: string): Operation[] {
  const items = text.trimStart().startsWith('[') ? parseJson(text) : text.split(',').map(parseText)
  if (items.length === 0) throw new InvalidOperations('the list of operations is empty')
  if (items.length > maxOperations) {
    throw new InvalidOperations(`${items.length} operations; at most ${maxOperations} are taken`)
  }
  return items.map(check)
}

/** Writes operations the way parseOperations reads them. */
export function formatOperations(operations: readonly Operation[]): string {
  return JSON.stringify(operations)
}

function parseText(item: string): Record<string, unknown> {
  const [, name = '', text = ''] = /^\s*([^:]*?)\s*(?::(.*?))?\s*$/s.exec(item) ?? []
  return { name, ...definitionOf(name).parse(text) }
}

function parseJson(text: string): unknown[] {
  try {
    const value: unknown = JSON.parse(text)
    if (Array.isArray(value)) return value
  } catch (cause) {
    throw new InvalidOperations(`the operations are not valid JSON: ${(cause as Error).message}`, { cause })
  }
  throw new InvalidOperations('operations in JSON are a list')
}

function check(item: unknown): Operation {
  const name = typeof item === 'object' && item !== null && 'name' in item ? item.name : undefined
  if (typeof name !== 'string') throw new InvalidOperations('an operation in JSON is an object with a name')
  definitionOf(name)
  const schema = operationSchema(name as OperationName)
  const operation = Value.Default(schema, { ...(item as object) })
  const errors = Value.Errors(schema, operation)
  const error = errors.find(({ keyword }) => keyword === 'additionalProperties') ?? errors[0]
  if (error) throw new InvalidOperations(`${name}: ${describe(error)}`)
  return operation as Operation
}

function definitionOf(name: string): OperationDefinition {
  if (!Object.hasOwn(operationTable, name)) {
    throw new InvalidOperations(`there is no operation "${name}"; there are: ${operationNames.join(', ')}`)
  }
  return operationTable[name as OperationName]
}

function describe(error: { instancePath: string; message: string; params: object }): string {
  const allowed =
    'allowedValues' in error.params ? ` (${[error.params.allowedValues].flat().join(', ')})` : ''
  const argument = error.instancePath.slice(1)
  return `${argument ? `${argument} ` : ''}${error.message}${allowed}`
}

function operationSchema(name: OperationName) {
  const { summary, properties } = operationTable[name]
  return Type.Object(
    { name: Type.Literal(name), ...properties },
    { additionalProperties: false, description: summary },
  )
}

interface OperationDefinition {
  readonly summary: string
  readonly properties: TProperties
  parse(text: string): Record<string, unknown>
}

function define<const Properties extends TProperties>(
  definition: Omit<OperationDefinition, 'properties'> & { readonly properties: Properties },
) {
  return definition
}
