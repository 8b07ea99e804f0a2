import { patternInWords } from './broken-rule.ts'
import type { Operation } from './operation-table.ts'
import { InvalidOperations } from './operation-text.ts'
import { Operations, readOperations } from './operations.ts'
import { type Static, Type } from './typebox/typebox.js'

export const maxVariants = 8

const namePattern = '^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$'
const nameRule = 'at most 64 letters, digits, _ and -, the first a letter or a digit'
/** The name of a variant or of a preset. */
export const ResultName = Type.String(patternInWords(namePattern, nameRule))

/** Further results of one image, by name: each list of operations works on the original. */
export const Variants = Type.Record(ResultName, Type.Object({ operations: Operations }), {
  minProperties: 1,
  maxProperties: maxVariants,
  additionalProperties: false,
})
export type Variants = Static<typeof Variants>

/** The results to make from an image: the main result, variants, or both. */
export interface Outputs {
  operations?: Operation[]
  variants?: Variants
}

/** One developed image: a variant, or without a name the result. */
export interface Output {
  name?: string
  operations: Operation[]
}

/** The developed images of a task, first the result. */
export function outputsOf({ operations, variants = {} }: Outputs): Output[] {
  const named = Object.entries(variants).map(([name, { operations }]) => ({ name, operations }))
  return operations ? [{ operations }, ...named] : named
}

/** The key of a developed image in the storage, in the stage `post`. */
export function outputKey(id: string, name?: string): string {
  return name === undefined ? id : `${id}_${name}`
}

/** The id of the image to which bytes with this key belong. */
export function imageIdOf(key: string): string {
  const end = key.indexOf('_')
  return end === -1 ? key : key.slice(0, end)
}

/**
 * Reads variants written as `thumb=resize:200x200,format:webp;large=resize:2000x2000`, as JSON text
 * `{"thumb":"resize:200x200"}`, or as a value of the JSON form. A list of operations is text, JSON, or an object with
 * `operations`.
 *
 * @throws InvalidOperations
 */
export function readVariants(given: unknown): Variants {
  const lists = listsByName(typeof given === 'string' ? fromText(given) : given)
  if (lists.length === 0)
    throw new InvalidOperations('the list of variants is empty: name a variant, or leave the list out')
  if (lists.length > maxVariants)
    throw new InvalidOperations(`got ${lists.length} variants; at most ${maxVariants} are allowed`)
  const seen = new Set<string>()
  return Object.fromEntries(
    lists.map(([name, list]) => {
      checkName(name, seen)
      return [name, { operations: withName(name, () => readOperations(listIn(list))) }]
    }),
  )
}

/** Writes variants in the form that readVariants reads. */
export function formatVariants(variants: Variants): string {
  return JSON.stringify(
    Object.fromEntries(Object.entries(variants).map(([name, { operations }]) => [name, operations])),
  )
}

export function isResultName(name: string): boolean {
  return new RegExp(namePattern).test(name)
}

function fromText(text: string): unknown {
  if (/^\s*[[{]/.test(text)) {
    try {
      return JSON.parse(text)
    } catch (cause) {
      throw new InvalidOperations(`the variants are not valid JSON: ${(cause as Error).message}`, { cause })
    }
  }
  return text.split(';').map((item): [string, string] => {
    const [, name = '', operations = ''] = /^\s*([^=]*?)\s*=(.*)$/s.exec(item) ?? []
    if (name === '')
      throw new InvalidOperations(
        `"${item.trim()}" is not a variant; write thumb=resize:200x200;large=resize:2000x2000`,
      )
    return [name, operations]
  })
}

function listsByName(given: unknown): [string, unknown][] {
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) return Object.entries(given)
  if (Array.isArray(given) && given.every(item => Array.isArray(item) && item.length === 2)) return given
  throw new InvalidOperations('variants in JSON must be an object, such as {"thumb":"resize:200x200"}')
}

function checkName(name: string, seen: Set<string>): void {
  if (!isResultName(name))
    throw new InvalidOperations(`"${name}" cannot be the name of a variant; expected: ${nameRule}`)
  // Some file systems don't distinguish such names.
  const spelling = name.toLowerCase()
  if (seen.has(spelling))
    throw new InvalidOperations(`the variant "${name}" is given twice; upper and lower case are the same`)
  seen.add(spelling)
}

/** The list in `{"operations": …}`, the form that status documents use. */
function listIn(given: unknown): unknown {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return given
  const { operations, ...others } = given as { operations?: unknown }
  const unknown = Object.keys(others).filter(name => name !== 'result')
  if (unknown.length > 0)
    throw new InvalidOperations(`a variant has only operations; remove ${unknown.join(', ')}`)
  return operations
}

function withName<Result>(name: string, read: () => Result): Result {
  try {
    return read()
  } catch (error) {
    if (error instanceof InvalidOperations)
      throw new InvalidOperations(`variant "${name}": ${error.message}`, { cause: error })
    throw error
  }
}
