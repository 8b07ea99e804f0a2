import type { OperationDescription } from '@darkroom/contracts'
import { signal } from '@preact/signals'
import { Refusal } from '../api/refusal.ts'
import { request } from '../api/request.ts'

/** The parts of an argument's schema that a form needs. */
export interface ArgumentSchema {
  type?: 'string' | 'integer' | 'number' | 'boolean'
  enum?: readonly string[]
  minimum?: number
  maximum?: number
  default?: unknown
  pattern?: string
  description?: string
}

interface OperationForm {
  name: string
  summary: string
  arguments: readonly (readonly [string, ArgumentSchema])[]
  required: readonly string[]
  /** The arguments of a new step. */
  begin: Readonly<Record<string, unknown>>
}

/** The operations of the server; empty until it has answered. */
export const operations = signal<readonly OperationForm[]>([])

const retryMs = 2000

/** Reads the operations, and retries until the server has answered. */
export async function readOperations(): Promise<void> {
  if (operations.peek().length > 0) return
  try {
    const { operations: described } = await request<{ operations: OperationDescription[] }>('operations')
    operations.value = described.map(formOf)
  } catch (error) {
    // Without a key, this is called again after signing in.
    if (error instanceof Refusal && error.status !== 401) setTimeout(() => void readOperations(), retryMs)
  }
}

function formOf({ name, summary, schema }: OperationDescription): OperationForm {
  const { properties, required = [] } = schema as {
    properties: Record<string, ArgumentSchema>
    required?: string[]
  }
  const { name: _name, ...given } = properties
  const entries = Object.entries(given)
  const needed = required.filter(argument => argument !== 'name')
  return { name, summary, arguments: entries, required: needed, begin: beginningOf(entries, needed) }
}

/** Arguments with a default get it. Other required arguments get a value that the schema allows. */
function beginningOf(
  entries: readonly [string, ArgumentSchema][],
  required: readonly string[],
): Record<string, unknown> {
  const values = entries.flatMap(([name, schema]) => {
    if (schema.default !== undefined) return [[name, schema.default]]
    if (!required.includes(name) && !(name === 'width' || name === 'radius')) return []
    return [[name, someValue(schema)]]
  })
  return Object.fromEntries(values)
}

function someValue({ enum: words, type, minimum = 0, maximum = 100 }: ArgumentSchema): unknown {
  if (words) return words[0]
  if (type === 'boolean') return true
  if (type === 'string') return 'e4572e'
  // Sides begin at a size that most images have, angles at a quarter turn.
  return minimum < 0 ? 90 : Math.min(maximum, Math.max(minimum, maximum > 1000 ? 800 : minimum))
}
