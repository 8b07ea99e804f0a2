import { type Static, Type } from './typebox/typebox.js'

/** Of registers and counters. */
export const StateName = Type.String({ pattern: '^[A-Za-z0-9._-]{1,128}$' })

/** Of nodes and other writers; addresses will do. */
export const NodeName = Type.String({ pattern: '^[A-Za-z0-9._:-]{1,64}$' })

const Safe = { minimum: 0, maximum: Number.MAX_SAFE_INTEGER }
const Count = Type.Integer(Safe)

/** How much was counted in each of consecutive units of time; `start` is the first, in units since 1970. */
const Ring = (size: number) =>
  Type.Object(
    { start: Count, counts: Type.Array(Count, { minItems: 1, maxItems: size }) },
    { additionalProperties: false },
  )

/** A register that holds no `value` was deleted. */
export const RegisterEntry = Type.Object(
  {
    kind: Type.Literal('register'),
    name: StateName,
    generation: Type.Integer({ ...Safe, minimum: 1 }),
    writer: NodeName,
    value: Type.Optional(Type.Unknown()),
  },
  { additionalProperties: false },
)

/** What one node has counted under a name. */
export const CountEntry = Type.Object(
  {
    kind: Type.Literal('count'),
    name: StateName,
    node: NodeName,
    total: Type.Integer({ ...Safe, minimum: 1 }),
    seconds: Ring(120),
    minutes: Ring(120),
    hours: Ring(48),
  },
  { additionalProperties: false },
)

/** What nodes send each other: each has one key, and the newer of two with the same key stands. */
export const Entry = Type.Union([RegisterEntry, CountEntry])
export type Entry = Static<typeof Entry>

/** [key, rank, check]: of two entries with one key, that of the higher rank is newer; equal checks are equal entries. */
export const VersionRow = Type.Tuple([Type.String({ maxLength: 300 }), Count, Count])
export type VersionRow = Static<typeof VersionRow>

/** How much a counter counted in a time up to now, in all and in parts of the same length, the last one still running. */
export const CounterRead = Type.Object({
  name: StateName,
  count: Type.Integer({ minimum: 0, description: 'Of all time' }),
  window: Type.String(),
  bucketSeconds: Type.Integer({ minimum: 1 }),
  from: Type.String({ format: 'date-time', description: 'When the first part begins' }),
  counts: Type.Array(Type.Integer({ minimum: 0 })),
})
export type CounterRead = Static<typeof CounterRead>
