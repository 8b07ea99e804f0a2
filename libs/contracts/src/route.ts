import { type Static, type TSchema, Type } from './typebox/typebox.js'

export interface RouteSchema {
  readonly summary: string
  readonly params?: TSchema
  readonly querystring?: TSchema
  readonly headers?: TSchema
  readonly body?: TSchema
  /** Whether a request may have no body; for OpenAPI. */
  readonly isBodyOptional?: boolean
  readonly response: Readonly<Record<number, TSchema>>
}

/**
 * `anyone` needs no key, `grant` a grant or any key, `key` any key, and `operator` a key of an operator. An open
 * Darkroom serves all of these without a key, but not `operator-key`.
 */
export type Access = 'anyone' | 'grant' | 'key' | 'operator' | 'operator-key'

/**
 * The calls of an internal route that a worker token allows: all, or those in which each of these parameters (of path or
 * query) begins with one of its prefixes.
 */
export type WorkerAccess = true | Readonly<Record<string, readonly string[]>>

/**
 * One REST route as data. A server spreads it into `app.route({ ...route, handler })`, the client is
 * typed from it, and OpenAPI is generated from it, so a path is written once.
 */
export interface Route {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS'
  readonly url: string
  readonly schema: RouteSchema
  /** The callers that a route of the frontend allows; default: every caller with a key. */
  readonly access?: Access
  /** Which calls of an internal route workers may make; default: none. */
  readonly worker?: WorkerAccess
  /** Whether a client may repeat the request when it is unknown whether the first attempt arrived. */
  readonly idempotent: boolean
}

export function defineRoute<const R extends Omit<Route, 'idempotent'> & { idempotent?: boolean }>(
  route: R,
): R & { idempotent: boolean } {
  return { ...route, idempotent: route.idempotent ?? route.method !== 'POST' }
}

/** The same route with another method. */
export function alias<const R extends Route, const M extends Route['method']>(
  route: R,
  method: M,
): Omit<R, 'method'> & { method: M } {
  return { ...route, method }
}

/** A body that is streamed: never validated, parsed or held in memory as a whole. */
export const Bytes = Type.Unsafe<AsyncIterable<Uint8Array> | Uint8Array>({ type: 'string', format: 'binary' })

const bytes = new WeakSet<object>([Bytes])
const bodies = new WeakMap<object, Readonly<Record<string, TSchema>>>()

/** Bytes of this media type, for OpenAPI. */
export function bytesOf(contentMediaType: string): typeof Bytes {
  const schema = Type.Unsafe<AsyncIterable<Uint8Array> | Uint8Array>({
    type: 'string',
    format: 'binary',
    contentMediaType,
  })
  bytes.add(schema)
  return schema
}

/** The bytes of a request, which may be of any of these media types, each with its schema; for OpenAPI. */
export function bytesOfAny(contents: Readonly<Record<string, TSchema>>): typeof Bytes {
  const schema = bytesOf('*/*')
  bodies.set(schema, contents)
  return schema
}

export function bodiesOf(schema: TSchema): Readonly<Record<string, TSchema>> | undefined {
  return bodies.get(schema)
}

export function isBytes(schema: TSchema): boolean {
  return bytes.has(schema)
}

export const ImageBytes = bytesOf('image/*')
export const EventStreamBytes = bytesOf('text/event-stream')
export const ZipBytes = bytesOf('application/zip')

/** A response without a body. */
export const Nothing = Type.Unsafe<undefined>({ type: 'null', description: 'no body' })

type StaticOf<S> = S extends TSchema ? Static<S> : never
type Part<S extends RouteSchema, Name extends 'params' | 'querystring' | 'headers' | 'body'> =
  S extends Record<Name, TSchema> ? StaticOf<S[Name]> : undefined

/** The arguments of a call; only the parts that the route has can be given. */
export type CallOf<R extends Route> = {
  [Name in 'params' | 'querystring' | 'headers' | 'body' as Part<R['schema'], Name> extends undefined
    ? never
    : Name]: Part<R['schema'], Name>
} & { signal?: AbortSignal }

/** The response to a call: one member for each status that the route declares. */
export type ReplyOf<R extends Route> = {
  [Status in keyof R['schema']['response']]: {
    status: NumberOf<Status>
    headers: Record<string, string | string[] | undefined>
    body: BodyOf<R['schema']['response'][Status]>
  }
}[keyof R['schema']['response']]

/** A call as the handler receives it: the signal is aborted when the caller disconnects. */
type HandledCall<R extends Route> = Omit<CallOf<R>, 'signal'> & { signal: AbortSignal }

/** The response of a handler: one member for each status that the route declares. Problems are thrown. */
type HandlerResponse<R extends Route> = {
  [Status in keyof R['schema']['response']]: {
    status: NumberOf<Status>
    headers?: ResponseHeaders
  } & ResponseBodyOf<R['schema']['response'][Status]>
}[keyof R['schema']['response']]

export type ResponseHeaders = Record<string, string | number | undefined>

type ResponseBodyOf<S> = S extends typeof Nothing
  ? { body?: undefined }
  : S extends typeof Bytes
    ? { body: AsyncIterable<Uint8Array> | Uint8Array }
    : S extends TSchema
      ? { body: Static<S> }
      : never

/** The counterpart of the typed client: one function for each route, independent of HTTP. */
export type Handler<R extends Route> = (call: HandledCall<R>) => Promise<HandlerResponse<R>>
export type Handlers<Routes extends Record<string, Route>> = {
  [Name in keyof Routes]: Handler<Routes[Name]>
}

/** TypeScript turns numeric keys into strings when an object is spread. */
type NumberOf<Key> = Key extends `${infer Status extends number}` ? Status : Key

/** A readable body like undici's: it can be read once, and must be read or dumped to free its socket. */
export interface StreamedBody extends AsyncIterable<Uint8Array> {
  bytes(): Promise<Uint8Array>
  text(): Promise<string>
  dump(): Promise<unknown>
}

type BodyOf<S> = S extends typeof Bytes ? StreamedBody : S extends TSchema ? Static<S> : never
