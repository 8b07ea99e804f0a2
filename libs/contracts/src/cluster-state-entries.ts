import { type Static, Type } from './typebox/typebox.js'

/** The name of a register or counter. */
export const StateName = Type.String({ pattern: '^[A-Za-z0-9._-]{1,128}$' })

/** The name of a node or another writer; an address is allowed. */
export const NodeName = Type.String({ pattern: '^[A-Za-z0-9._:-]{1,64}$' })

const Safe = { minimum: 0, maximum: Number.MAX_SAFE_INTEGER }
const Count = Type.Integer(Safe)

/** Counts for consecutive units of time; `start` is the number of the first unit, counted from 1970. */
const Ring = (size: number) =>
  Type.Object(
    { start: Count, counts: Type.Array(Count, { minItems: 1, maxItems: size }) },
    { additionalProperties: false },
  )

/** A register without `value` is a deleted register. */
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

/** The count of one node under a name. */
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

/** The entries that nodes exchange. Each has one key; if two entries have the same key, the newer entry wins. */
export const Entry = Type.Union([RegisterEntry, CountEntry])
export type Entry = Static<typeof Entry>

/**
 * [key, rank, check]: if two entries have the same key, the entry with the higher rank is newer. Entries with equal
 * checks are equal.
 */
export const VersionRow = Type.Tuple([Type.String({ maxLength: 300 }), Count, Count])
export type VersionRow = Static<typeof VersionRow>

/**
 * How much a counter counted over a period that ends now: in total, and in parts of equal length. The last part is
 * still running.
 */
export const CounterRead = Type.Object({
  name: StateName,
  count: Type.Integer({ minimum: 0, description: 'The count since the counter was created' }),
  window: Type.String(),
  bucketSeconds: Type.Integer({ minimum: 1 }),
  from: Type.String({ format: 'date-time', description: 'When the first part begins' }),
  counts: Type.Array(Type.Integer({ minimum: 0 })),
})
export type CounterRead = Static<typeof CounterRead>
