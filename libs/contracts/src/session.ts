import { AuthMode, KeyDescription, KeyId } from './keys.ts'
import { defineRoute, Nothing } from './route.ts'
import { type Static, Type } from './typebox/typebox.js'

/** The user of a page. If the frontend is open, every user is an operator without a key. */
export const Session = Type.Object({
  auth: AuthMode,
  role: KeyDescription.properties.role,
  owner: Type.Optional(KeyDescription.properties.owner),
  keyId: Type.Optional(KeyId),
  name: KeyDescription.properties.name,
  expiresAt: Type.Optional(
    Type.String({ format: 'date-time', description: 'The end of the session; it also ends with its key' }),
  ),
})
export type Session = Static<typeof Session>

/** Browser sessions: a key is exchanged for a cookie that scripts can't read. */
export const sessionRoutes = {
  getSession: defineRoute({
    method: 'GET',
    url: '/session',
    schema: { summary: 'The user of this session, or of this key', response: { 200: Session } },
  }),
  signIn: defineRoute({
    method: 'POST',
    url: '/session',
    access: 'anyone',
    schema: {
      summary: 'Exchanges an API key for a cookie',
      body: Type.Object({ key: Type.String({ maxLength: 1000 }) }, { additionalProperties: false }),
      response: { 200: Session },
    },
  }),
  signOut: defineRoute({
    method: 'DELETE',
    url: '/session',
    access: 'anyone',
    schema: { summary: 'Removes the cookie', response: { 204: Nothing } },
  }),
}
