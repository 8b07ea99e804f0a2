import { CallbackUrl } from './callback.ts'
import { GivenInstant, Instant } from './instant.ts'
import { keepQuery } from './keep-query.ts'
import { Owner } from './owner.ts'
import { problems } from './problem-types.ts'
import { defineRoute, Nothing } from './route.ts'
import { type Static, Type } from './typebox/typebox.js'

export const roles = ['user', 'operator'] as const
export type Role = (typeof roles)[number]
export const Role = Type.Enum(roles, {
  description: 'A user sees the images of one owner; an operator sees all, and manages keys',
})

/** Twelve letters and digits: the part of a key that may be shown. */
export const KeyId = Type.String({ pattern: '^[0-9A-Za-z]{12}$' })

/** An API key as it is shown: without its secret. */
export const KeyDescription = Type.Object({
  id: KeyId,
  role: Role,
  owner: Owner,
  name: Type.Optional(Type.String()),
  createdAt: Instant,
  createdBy: Type.String({ description: 'The id of an operator key, or `command line`' }),
  expiresAt: Type.Optional(Instant),
  callback: Type.Optional({ ...CallbackUrl, description: 'The URL that gets webhooks about its images' }),
})
export type KeyDescription = Static<typeof KeyDescription>

/** An API key as kv-config stores it, as JSON: enough to check the key, not to use it. */
export const KeyRecord = Type.Object({
  ...Type.Omit(KeyDescription, ['id']).properties,
  hash: Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256 of the whole key, in hex' }),
})
export type KeyRecord = Static<typeof KeyRecord>

/** kv-config stores each key under this prefix and the id of the key. */
export const keyPrefix = 'keys/'

export const authModes = ['keys', 'open'] as const
export type AuthMode = (typeof authModes)[number]
export const AuthMode = Type.Enum(authModes)

/**
 * The key in kv-config whose value, as JSON, is the mode of frontends whose AUTH is not set. Creating the first API key sets
 * it to `keys`.
 */
export const authSetting = 'config/frontend/auth'

export const NewKey = Type.Object(
  {
    role: Type.Optional(Type.Enum(roles, { default: 'user' })),
    owner: Type.Optional({ ...Owner, description: 'Default: the id of the key' }),
    name: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 100,
        description: 'A note for people: who uses the key, and where',
      }),
    ),
    expiresAt: Type.Optional({ ...GivenInstant, description: 'Default: never' }),
    callback: Type.Optional({
      ...CallbackUrl,
      description: 'The URL that gets webhooks about its images, unless an upload names another URL',
    }),
  },
  { additionalProperties: false },
)
export type NewKey = Static<typeof NewKey>

/** The response that contains a new key. The key is shown only here, because it is stored nowhere. */
export const MadeKey = Type.Object({ ...KeyDescription.properties, key: Type.String() })
export type MadeKey = Static<typeof MadeKey>

const params = Type.Object({ id: Type.String() })

/** Management of API keys by operators. */
export const keyRoutes = {
  createKey: defineRoute({
    method: 'POST',
    url: '/keys',
    access: 'operator-key',
    schema: {
      summary: 'Creates an API key, which is shown only in this response',
      body: NewKey,
      response: { 201: MadeKey, 400: problems('invalid-request', 'invalid-callback') },
    },
  }),
  listKeys: defineRoute({
    method: 'GET',
    url: '/keys',
    access: 'operator-key',
    schema: {
      summary: 'All API keys, including expired ones',
      response: { 200: Type.Object({ keys: Type.Array(KeyDescription) }) },
    },
  }),
  revokeKey: defineRoute({
    method: 'DELETE',
    url: '/keys/:id',
    access: 'operator-key',
    schema: {
      summary: 'Revokes an API key at once',
      params,
      response: { 204: Nothing, 404: problems('key-not-found') },
    },
  }),
  rotateKey: defineRoute({
    method: 'POST',
    url: '/keys/:id/rotate',
    access: 'operator-key',
    schema: {
      summary: 'Replaces an API key with a new key of the same role, owner and name',
      params,
      querystring: keepQuery('For how many seconds the old key still works; default: 0'),
      response: { 201: MadeKey, 404: problems('key-not-found') },
    },
  }),
}
