import { Type } from './typebox/typebox.js'

export const Instant = Type.String({
  format: 'date-time',
  description: 'UTC with milliseconds, such as 2026-01-31T10:00:00.000Z',
})

/** In requests: RFC 3339 allows leap seconds, which `Date` does not support. */
export const GivenInstant = Type.String({
  format: 'date-time',
  pattern: ':[0-5]\\d(\\.|[zZ]|[+-]\\d\\d:\\d\\d$)',
})
