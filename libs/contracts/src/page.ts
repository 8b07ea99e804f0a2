import { Type } from './typebox/typebox.js'

/** Query parameters of every listing: at most `limit` items, starting after the page that returned `cursor`. */
export const pageQuery = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100 })),
  cursor: Type.Optional(Type.String({ maxLength: 1024, description: 'The `next` of the previous page' })),
}

/** Part of the response of every listing. */
export const pageNext = { next: Type.Optional(Type.String({ description: 'Absent on the last page' })) }

/** Query parameter of every blocking read: how long to hold the response back, in seconds. */
export const waitQuery = { wait: Type.Optional(Type.Number({ minimum: 0, maximum: 55 })) }
