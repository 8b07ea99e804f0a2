import { parameterExamples } from './openapi-examples.ts'
import { type Json, type Names, named, plain, schemaNames, schemasIn } from './openapi-schemas.ts'
import { Problem } from './problem.ts'
import { codesOf, type ProblemCode, problemExample, problemRemedies, problems } from './problem-types.ts'
import { type Access, bodiesOf, isBytes, Nothing, type RouteSchema } from './route.ts'
import { serviceRoutes } from './service.ts'
import type { TSchema } from './typebox/typebox.js'

/** A route as a service serves it. */
export interface ServedRoute {
  method: string
  url: string
  schema: RouteSchema
  access?: Access | undefined
  /** The name of the route in its contract; without it, the id consists of method and path. */
  name?: string | undefined
}

interface OpenApiOptions {
  title: string
  routes: readonly ServedRoute[]
  /** Describes the bearer token; see `ServedRoute.access`. */
  bearer: string
  servers: readonly string[]
  /** The problems that every route can answer. */
  commonProblems?: ProblemsByStatus
}

/** Generates the OpenAPI 3.1 document of a service from its contracts. This takes milliseconds, so do it only on request. */
export function openApiOf({ title, routes, bearer, servers, commonProblems = {} }: OpenApiOptions): Json {
  const names = schemaNames()
  const paths: Record<string, Json> = {}
  for (const route of routes) {
    const path = pathOf(route.url)
    paths[path] = {
      ...paths[path],
      [route.method.toLowerCase()]: operationOf(route, names, commonProblems),
    }
  }
  const other = responseOf(undefined, Problem, names)
  const responses = { Problem: { ...other, content: withExamples(other.content as Json, commonProblems) } }
  const used = schemasIn([paths, responses], names)
  const tags = [...new Set(routes.map(({ url }) => tagOf(url)))].sort()
  return {
    openapi: '3.1.0',
    info: {
      title,
      version: '0.1.0',
      license: { name: 'MIT', identifier: 'MIT' },
      description: 'Errors are problem documents (RFC 9457) with a stable `type`.',
    },
    servers: servers.map(url => ({ url })),
    tags: tags.map(name => ({ name, description: tagDescriptions[name] ?? `Routes under /${name}` })),
    security: [{ bearer: [] }],
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', description: bearer } },
      responses,
      schemas: used,
    },
  }
}

const tagDescriptions: Readonly<Record<string, string>> = {
  grants: 'Uploads for browsers and devices without a key',
  health: 'Whether the service is alive and ready, and its measurements',
  images: 'Uploads, states and bytes of images',
  intake: 'Whether uploads are accepted',
  keys: 'API keys, for operators',
  legacy: 'Three older paths that answer in plain text',
  operations: 'The operations that can be applied to an image',
  presets: 'Named lists of operations',
  session: 'Sign-in of browsers, by a cookie',
  signed: 'Bytes of images by signed links, without a key',
  stats: 'The state of a whole Darkroom, for operators',
  uploads: 'Resumable uploads (tus 1.0)',
  webhooks: 'The secret that signs webhooks',
}

function tagOf(url: string): string {
  const [, first = ''] = url.split('/')
  if (['healthz', 'readyz', 'metrics'].includes(first)) return 'health'
  if (['newImage', 'image'].includes(first)) return 'legacy'
  return /^[:*]|^$/.test(first) ? 'root' : first
}

/** `/images/:id` -> `/images/{id}` */
function pathOf(url: string): string {
  return url.replace(/:(\w+)/g, '{$1}').replace('*', '{*}')
}

function operationOf(
  { method, url, schema, access, name }: ServedRoute,
  names: Names,
  commonProblems: ProblemsByStatus,
): Json {
  const { summary, params, querystring, headers, body, isBodyOptional = false, response } = schema
  const parameters = [
    ...parametersIn('path', params, names),
    ...parametersIn('query', querystring, names),
    ...parametersIn('header', headers, names).filter(({ name }) => !describedElsewhere.has(String(name))),
  ]
  const isForAnyone = access === 'anyone' && url !== serviceRoutes.metrics.url
  // OpenAPI 3.1, 4.8.16: `default` describes only the statuses that the operation doesn't list. A path that is listed is
  // found, and a route for anyone refuses no key.
  const { 404: _, 401: refusalsOfKeys = [], ...others } = commonProblems
  const shared: ProblemsByStatus = access === 'anyone' ? others : { ...others, 401: refusalsOfKeys }
  // A response to HEAD has no body, not even with a problem (RFC 9110, 9.3.2).
  const describe = (status: number | undefined, responseSchema: TSchema) =>
    responseOf(status, method === 'HEAD' ? Nothing : responseSchema, names, shared[status ?? 0])
  return {
    operationId: name ?? idOf(method, url),
    summary,
    tags: [tagOf(url)],
    ...(isForAnyone && { security: [] }),
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: requestBodyOf(body, !isBodyOptional, names) }),
    responses: {
      ...Object.fromEntries(
        Object.entries(response).map(([status, responseSchema]) => [
          status,
          describe(Number(status), responseSchema),
        ]),
      ),
      ...(isForAnyone || response[401] ? {} : { 401: describe(401, problems(...refusalsOfKeys)) }),
      default: method === 'HEAD' ? describe(undefined, Nothing) : { $ref: '#/components/responses/Problem' },
    },
  }
}

/** OpenAPI 3.1, 4.8.12.2: these are not parameters; media types and lengths belong to bodies. */
const describedElsewhere = new Set(['accept', 'authorization', 'content-length', 'content-type'])

function idOf(method: string, url: string): string {
  const words = url.split(/[^A-Za-z]+/).filter(word => word !== '')
  return [method.toLowerCase(), ...words.map(word => word.charAt(0).toUpperCase() + word.slice(1))].join('')
}

function parametersIn(place: 'path' | 'query' | 'header', schema: TSchema | undefined, names: Names): Json[] {
  const { properties = {}, required = [] } = (schema ?? {}) as { properties?: object; required?: string[] }
  return Object.entries(properties).map(([name, property]) => {
    const { description, ...rest } = plain(property)
    const example = parameterExamples[name]
    return {
      name,
      in: place,
      ...(description !== undefined && { description }),
      required: place === 'path' || required.includes(name),
      schema: named(rest, names),
      ...(example !== undefined && { example }),
    }
  })
}

function requestBodyOf(body: TSchema, required: boolean, names: Names): Json {
  const contents = bodiesOf(body) ?? { [mediaTypeOf(body)]: body }
  return { required, content: contentOf(contents, names) }
}

function responseOf(
  status: number | undefined,
  schema: TSchema,
  names: Names,
  shared: readonly ProblemCode[] = [],
): Json {
  const description =
    status === undefined ? 'Any other status: a problem document' : (reasons[status] ?? 'The response')
  if (schema === Nothing) return { description }
  const content = contentOf({ [mediaTypeOf(schema)]: schema }, names)
  const codes = codesOf(schema)
  if (status === undefined || codes === undefined) return { description, content }
  return { description, content: withExamples(content, { [status]: [...codes, ...shared] }) }
}

type ProblemsByStatus = Readonly<Record<number, readonly ProblemCode[]>>

/** An example of each problem, with what a client should do. A code that has two statuses appears once. */
function withExamples(content: Json, byStatus: ProblemsByStatus): Json {
  const examples: Json = {}
  for (const [status, codes] of Object.entries(byStatus))
    for (const code of codes)
      examples[code] ??= { summary: problemRemedies[code], value: problemExample(code, Number(status)) }
  return Object.fromEntries(
    Object.entries(content).map(([type, body]) => [type, { ...Object(body), examples }]),
  )
}

const bytes = { type: 'string', format: 'binary' }

function contentOf(contents: Readonly<Record<string, TSchema>>, names: Names): Json {
  return Object.fromEntries(
    Object.entries(contents).map(([type, schema]) => {
      if (type === 'text/event-stream') return [type, {}]
      // OpenAPI 3.1 (4.8.14.2) needs no schema for bytes. But without one, generated clients read bytes as text or JSON.
      return [type, { schema: isBytes(schema) ? bytes : named(plain(schema), names) }]
    }),
  )
}

function mediaTypeOf(schema: TSchema): string {
  const { contentMediaType, type } = schema as { contentMediaType?: string; type?: unknown }
  if (contentMediaType !== undefined) return contentMediaType
  if (isBytes(schema)) return 'application/octet-stream'
  if (JSON.stringify(schema) === JSON.stringify(Problem)) return 'application/problem+json'
  return type === 'string' ? 'text/plain' : 'application/json'
}

const reasons: Readonly<Record<number, string>> = {
  200: 'Done',
  201: 'Created',
  202: 'Accepted; the work continues in the background',
  204: 'Done; no content',
  206: 'The requested range',
  304: 'Not modified',
  400: 'The request is not valid; the detail explains why',
  401: 'No valid key was sent',
  403: 'Not allowed',
  404: 'Not found, or not visible with this key',
  409: 'Not possible in the current state',
  410: 'Gone',
  412: 'A precondition in the headers is not met',
  413: 'Too large',
  415: 'Not a supported file type',
  416: 'The range is outside of the image',
  422: 'The image or the request cannot be processed',
  423: 'Locked: another request is writing to it',
  429: 'Too many requests; Retry-After contains the time to wait',
  503: 'Not available at the moment; Retry-After contains the time to wait',
}
