import type { Access } from '@darkroom/contracts'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify'
import type { Registry } from 'prom-client'
import type { Api } from './api.ts'

/** The Fastify app of a service, as `createApp` makes it. */
export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The callers that a route without a contract allows; see `Route.access`. */
    access?: Access
  }
  interface FastifyInstance {
    /** The registry of the app's own metrics. */
    metrics: Registry
    /** The routes and handlers that services of the same process call without HTTP. */
    api: Api | undefined
  }
}
