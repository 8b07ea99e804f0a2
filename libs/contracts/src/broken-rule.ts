/** An error of TypeBox. */
interface SchemaError {
  keyword: string
  message: string
  params: object
}

const typeWords: Readonly<Record<string, string>> = {
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  string: 'text',
  array: 'a list',
  object: 'an object',
}

const countedWords: Readonly<Record<string, string>> = {
  Length: 'characters',
  Items: 'items',
  Properties: 'properties',
}

/** Patterns in words, because readers don't understand a pattern. */
const patternWords = new Map<unknown, string>()

/** The pattern of a text, for its schema. `words` describe the pattern in errors and in OpenAPI. */
export function patternInWords(pattern: string, words: string): { pattern: string; description: string } {
  patternWords.set(pattern, words)
  return { pattern, description: words }
}

/** The rule that a value breaks, in words for people: `must be a whole number`, `must be at least 1`. */
export function brokenRule({ keyword, message, params }: SchemaError): string {
  const { allowedValue, allowedValues, limit, pattern, type } = params as Record<string, unknown>
  if (keyword === 'type') return `must be ${[type].flat().map(wordsOf).join(' or ')}`
  if (keyword === 'enum') return `must be ${alternatives([allowedValues].flat())}`
  if (keyword === 'const') return `must be ${allowedValue}`
  if (keyword === 'pattern')
    return patternWords.has(pattern) ? `must be ${patternWords.get(pattern)}` : message
  if (keyword === 'minimum') return `must be at least ${limit}`
  if (keyword === 'maximum') return `must be at most ${limit}`
  const [, bound, counted = ''] = /^(min|max)(Length|Items|Properties)$/.exec(keyword) ?? []
  if (bound === undefined) return message
  if (bound === 'min' && limit === 1) return 'must not be empty'
  return `must have at ${bound === 'min' ? 'least' : 'most'} ${limit} ${countedWords[counted]}`
}

/** A value in JSON, in words for people. A text, a list or an object may be a secret, or long, so only its kind is named. */
export function valueInWords(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return String(value)
  return wordsOf(Array.isArray(value) ? 'array' : typeof value)
}

function wordsOf(type: unknown): string {
  return typeWords[String(type)] ?? String(type)
}

/** `a, b or c` */
function alternatives(values: readonly unknown[]): string {
  return values.length < 2 ? values.join('') : `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`
}
