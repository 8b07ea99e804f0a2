import { brokenRule, isBytes, valueInWords } from '@darkroom/contracts'
import { Compile, type TSchema } from '@darkroom/contracts/typebox'
import type { FastifySchemaCompiler, FastifyServerOptions } from 'fastify'
import { fromText } from '../settings/from-text.ts'

/**
 * Validates requests against their contracts. Query and headers are converted to the types of the schema; a JSON body
 * must have the right types already; byte bodies are not validated.
 */
const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  if (isBytes(schema)) return () => true
  let compiled: ReturnType<typeof Compile> | undefined
  return input => {
    // Compiled on first use: compiling the schemas of all routes would delay the start.
    compiled ??= Compile(schema)
    const isText = httpPart === 'querystring' || httpPart === 'headers'
    const value = isText ? fromText(schema, input) : input
    if (compiled.Check(value)) return { value }
    return {
      error: new Error(describe(schema, compiled.Errors(value), httpPart, input)) as Error & {
        statusCode?: number
      },
    }
  }
}

/**
 * Replaces Ajv and Fastify's serializer, which Fastify would load otherwise: both take memory and time at the start. The
 * contracts type the responses. The cast is needed because Fastify's types allow only Ajv's schemas.
 */
export const schemaController = {
  compilersFactory: {
    buildValidator: () => compileValidator,
    buildSerializer: () => () => JSON.stringify,
  },
} as unknown as NonNullable<FastifyServerOptions['schemaController']>

/** Mistakes whose value is quoted: it should be a number, a date, a name, or one of a list, so it is not a secret. */
const quotedMistakes = new Set(['type', 'format', 'enum', 'const', 'pattern', 'minimum', 'maximum'])
const maxQuotedLength = 40
/** Our words for the parts of a request for which Fastify has other names. */
const partWords: Readonly<Record<string, string>> = { querystring: 'query', params: 'path' }

function describe(
  schema: TSchema,
  errors: ReturnType<ReturnType<typeof Compile>['Errors']>,
  httpPart = 'request',
  input?: unknown,
): string {
  const part = partWords[httpPart] ?? httpPart
  const error = errors.find(({ keyword }) => keyword === 'additionalProperties') ?? errors[0]
  if (!error) return `the ${part} is not valid`
  const where = error.instancePath.slice(1).replaceAll('/', '.')
  const { additionalProperties, requiredProperties } = error.params as Record<string, unknown>
  if (Array.isArray(additionalProperties)) {
    const known = where === '' && 'properties' in schema ? Object.keys(Object(schema.properties)) : []
    const expected = known.length > 0 ? `; expected: ${known.join(', ')}` : ''
    return `${part}: unknown ${additionalProperties.join(', ')}${expected}`
  }
  const at = `${part}${where ? ` ${where}` : ''}`
  if (Array.isArray(requiredProperties)) return `${at}: missing ${requiredProperties.join(', ')}`

  // Fastify gives null for a missing body.
  const value = where === '' ? (input ?? undefined) : Object(input)[where]
  if (httpPart === 'querystring' && Array.isArray(value) && error.keyword === 'type')
    return `${at}: given ${value.length} times; send it once`
  // A text of a wrong type in a JSON body may be anything.
  if (httpPart === 'body' && error.keyword === 'type' && !where.includes('.'))
    return `${at}: ${brokenRule(error)}, got ${valueInWords(value)}`
  const isInstant = propertyAt(schema, where).format === 'date-time'
  const given = isInstant || quotedMistakes.has(error.keyword) ? JSON.stringify(value) : undefined
  const got = given !== undefined && given.length <= maxQuotedLength ? `, got ${given}` : ''
  const rule = isInstant ? 'must be a date and time such as 2026-01-31T10:00:00Z' : brokenRule(error)
  const remedy = isInstant && /\d \d\d:\d\d"$/.test(got) ? '; in a query, write + as %2B' : ''
  return `${at}: ${rule}${got}${remedy}`
}

function propertyAt(schema: TSchema, where: string): { format?: unknown } {
  return Object('properties' in schema && Object(schema.properties)[where])
}
