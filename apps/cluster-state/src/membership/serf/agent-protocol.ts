import { type Static, type TSchema, Type } from '@darkroom/contracts/typebox'

/*
 * The RPC protocol of a Serf agent, version 1: maps of MessagePack one after the other, with nothing between them.
 * Source: docs/agent/rpc.html.markdown and cmd/serf/command/agent/ipc.go of github.com/hashicorp/serf.
 *
 *   client                                   agent
 *     {Command, Seq} [body] ─────────────────>
 *     <───────────────── {Seq, Error} [body]        in order, if the client waits for every reply
 *     <───────────────── {Seq, Error} event         at any time, with the Seq of its `stream` command
 *
 * A header does not show whether a body follows it: that depends on the command with this Seq.
 */

export const protocolVersion = 1

export const ReplyHeader = Type.Object({ Seq: Type.Integer(), Error: Type.String() })

/** The response to `stats`; only the agent's name is used. */
const Stats = Type.Object({ agent: Type.Object({ name: Type.String() }) })

const memberStatus = ['none', 'alive', 'leaving', 'left', 'failed'] as const

/** A node as reported by its agent. Tags may have any content. */
export const SerfMember = Type.Object({
  Name: Type.String(),
  Status: Type.Enum(memberStatus),
  // Go's nil map is MessagePack's nil.
  Tags: Type.Union([Type.Record(Type.String(), Type.String()), Type.Null()]),
})
export type SerfMember = Static<typeof SerfMember>

const MemberList = Type.Object({ Members: Type.Array(SerfMember) })

export const memberEvents = [
  'member-join',
  'member-leave',
  'member-failed',
  'member-update',
  'member-reap',
] as const

export const MemberEvent = Type.Object({ Event: Type.Enum(memberEvents), Members: Type.Array(SerfMember) })
export type MemberEvent = Static<typeof MemberEvent>

/** The commands that are used here, with the body of their reply, which follows a header without an error. */
export const replyBodies = {
  handshake: undefined,
  auth: undefined,
  stats: Stats,
  members: MemberList,
  tags: undefined,
  stream: undefined,
} as const satisfies Record<string, TSchema | undefined>
export type Command = keyof typeof replyBodies
export type ReplyBody<Name extends Command> = (typeof replyBodies)[Name] extends TSchema
  ? Static<(typeof replyBodies)[Name]>
  : undefined
