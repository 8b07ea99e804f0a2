import { Entry, NodeName, VersionRow } from './cluster-state-entries.ts'
import { type Static, Type } from './typebox/typebox.js'

/** Another node and its address. */
export const Member = Type.Object({ id: NodeName, url: Type.String(), dataCentre: Type.String() })
export type Member = Static<typeof Member>

/** The node at an address. Other nodes request it when they find their own id at that address. */
export const NodeIdentity = Type.Object(
  {
    id: NodeName,
    run: NodeName,
    url: Type.String({ maxLength: 2000 }),
    writingMs: Type.Integer({ minimum: 0, description: 'How long the node has accepted writes' }),
    hasYielded: Type.Boolean({
      description: 'Whether the node refuses writes because another process has its id',
    }),
  },
  { additionalProperties: false },
)
export type NodeIdentity = Static<typeof NodeIdentity>

export const Gossip = Type.Object(
  { from: NodeName, entries: Type.Array(Entry, { maxItems: 5000 }) },
  { additionalProperties: false },
)
export type Gossip = Static<typeof Gossip>

const Key = Type.String({ maxLength: 300, description: 'The key of an entry' })

/** Asks which entries of the other node may differ from the sender's. */
const SyncComparison = Type.Object(
  {
    step: Type.Literal('compare'),
    from: NodeName,
    digest: Type.Array(Type.Integer({ minimum: 0 }), {
      maxItems: 1024,
      description: 'The hash of each bucket',
    }),
    after: Type.Optional(Key),
  },
  { additionalProperties: false },
)

/** Sends entries that the receiver lacks, and requests entries that the sender lacks. */
const SyncExchange = Type.Object(
  {
    step: Type.Literal('exchange'),
    from: NodeName,
    entries: Type.Array(Entry, { maxItems: 5000 }),
    wanted: Type.Array(Key, { maxItems: 1000 }),
  },
  { additionalProperties: false },
)
export const SyncRequest = Type.Union([SyncComparison, SyncExchange])
export type SyncRequest = Static<typeof SyncRequest>

export const SyncReply = Type.Union([
  Type.Object(
    {
      buckets: Type.Array(Type.Integer({ minimum: 0 }), {
        maxItems: 1024,
        description: 'The buckets whose hashes differ',
      }),
      versions: Type.Array(VersionRow, { maxItems: 1000 }),
      next: Type.Optional(Type.String({ ...Key, description: '`after` of the next page of versions' })),
    },
    { additionalProperties: false },
  ),
  Type.Object({ entries: Type.Array(Entry, { maxItems: 5000 }) }, { additionalProperties: false }),
])
export type SyncReply = Static<typeof SyncReply>
