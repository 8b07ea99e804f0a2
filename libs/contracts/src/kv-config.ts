import { Instant } from './instant.ts'
import { pageNext, pageQuery, waitQuery } from './page.ts'
import { Problem } from './problem.ts'
import { alias, Bytes, defineRoute, Nothing } from './route.ts'
import { registrationPrefix, registrationsPrefix } from './service.ts'
import { Type } from './typebox/typebox.js'

/** In every response about keys: the store's revision at the time of the read. Send it as `after` in the next request. */
export const revisionHeader = 'kv-revision'

const params = Type.Object({
  '*': Type.String({ minLength: 1, description: 'The key; it may contain slashes' }),
})

const blockingQuery = {
  ...waitQuery,
  after: Type.Optional(
    Type.Integer({
      minimum: 0,
      description: 'With `wait`: respond as soon as something has changed after this revision',
    }),
  ),
}

const conditions = Type.Object({
  'if-match': Type.Optional(
    Type.String({ description: 'Succeeds only if the current ETag is one of these; * means any' }),
  ),
  'if-none-match': Type.Optional(
    Type.String({
      description:
        'Succeeds only if the current ETag is none of these; * means only if the key does not exist',
    }),
  ),
})

/** Lets a worker register itself and find the other services. */
const ownRegistration = { '*': [registrationPrefix('image-worker')] }

const setKey = defineRoute({
  method: 'PUT',
  url: '/key/*',
  worker: ownRegistration,
  schema: {
    summary: 'Sets a key. Setting the same value again only renews its lease',
    params,
    querystring: Type.Object(
      {
        ttl: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 31_536_000, description: 'Seconds' })),
      },
      { additionalProperties: false },
    ),
    headers: conditions,
    body: Bytes,
    response: { 200: Nothing, 201: Nothing, 412: Problem, 413: Problem },
  },
})

export const kvConfigRoutes = {
  getKey: defineRoute({
    method: 'GET',
    url: '/key/*',
    schema: {
      summary: 'The value as raw bytes; its ETag is the revision that set it',
      params,
      querystring: Type.Object(blockingQuery, { additionalProperties: false }),
      headers: conditions,
      response: { 200: Bytes, 304: Nothing, 404: Problem, 412: Problem },
    },
  }),
  setKey,
  postKey: alias(setKey, 'POST'),
  deleteKey: defineRoute({
    method: 'DELETE',
    url: '/key/*',
    worker: ownRegistration,
    schema: {
      summary: 'Deletes a key; succeeds if it does not exist',
      params,
      headers: conditions,
      response: { 204: Nothing, 412: Problem },
    },
  }),
  listKeys: defineRoute({
    method: 'GET',
    url: '/keys',
    worker: { prefix: [registrationsPrefix] },
    schema: {
      summary: 'Lists the keys with a prefix and their values, in byte order',
      querystring: Type.Object(
        { prefix: Type.Optional(Type.String({ maxLength: 512 })), ...pageQuery, ...blockingQuery },
        { additionalProperties: false },
      ),
      response: {
        200: Type.Object({
          revision: Type.Integer(),
          keys: Type.Array(
            Type.Object({
              key: Type.String(),
              revision: Type.Integer(),
              value: Type.String({ description: 'base64' }),
              expiresAt: Type.Optional(Instant),
            }),
          ),
          ...pageNext,
        }),
      },
    },
  }),
  getCluster: defineRoute({
    method: 'GET',
    url: '/cluster',
    schema: {
      summary: 'Lists the members of the store and its leader',
      response: {
        200: Type.Object({
          leader: Type.Optional(Type.String()),
          members: Type.Array(
            Type.Object({ id: Type.String(), name: Type.String(), urls: Type.Array(Type.String()) }),
          ),
        }),
      },
    },
  }),
  addMember: defineRoute({
    method: 'POST',
    url: '/cluster/members',
    schema: {
      summary: 'Adds a member, if the engine is clustered',
      body: Type.Object(
        { urls: Type.Array(Type.String({ format: 'url' }), { minItems: 1 }) },
        { additionalProperties: false },
      ),
      response: { 201: Type.Object({ id: Type.String() }), 501: Problem },
    },
  }),
  removeMember: defineRoute({
    method: 'DELETE',
    url: '/cluster/members/:id',
    schema: {
      summary: 'Removes a member, if the engine is clustered',
      params: Type.Object({ id: Type.String() }),
      response: { 204: Nothing, 404: Problem, 501: Problem },
    },
  }),
}
