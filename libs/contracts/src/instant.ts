import { Type } from './typebox/typebox.js'

export const Instant = Type.String({ format: 'date-time' })
