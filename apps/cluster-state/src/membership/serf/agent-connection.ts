import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type TSchema, Value } from '@darkroom/contracts/typebox'
import { decodeMultiStream, encode } from '@msgpack/msgpack'
import type { AgentAddress } from './agent-address.ts'
import {
  type Command,
  MemberEvent,
  memberEvents,
  protocolVersion,
  type ReplyBody,
  ReplyHeader,
  replyBodies,
  type SerfMember,
} from './agent-protocol.ts'

/** The agent answered with an error; has its message, and the command. */
class AgentRefusal extends Error {
  constructor(command: Command, words: string) {
    super(`the Serf agent refuses "${command}": ${words}`)
  }
}

/** Longer than the 5 s (`-broadcast-timeout`) that an agent may take to spread new tags. */
const defaultTimeoutMs = 7000

interface Expected {
  command: Command
  resolve(body: unknown): void
  reject(error: Error): void
}

/**
 * One connection to the RPC of a Serf agent. It is not repaired when it breaks: `closed` resolves, and later commands
 * are rejected.
 */
export class AgentConnection {
  readonly #socket: Socket
  readonly #timeoutMs: number
  readonly #values: AsyncIterator<unknown>
  /**
   * By Seq, the callers that wait for a reply. Only one command at a time: the agent leaves bodies that it refuses to read
   * in the stream.
   */
  readonly #expected = new Map<number, Expected>()
  readonly #listeners = new Map<number, (event: MemberEvent) => void>()
  #turn: Promise<unknown> = Promise.resolve()
  #sequence = 0
  #agentName = ''
  #fault: Error | undefined
  /** Resolves with the reason when the connection is broken and no longer read. */
  readonly closed: Promise<Error>

  private constructor(socket: Socket, timeoutMs: number) {
    this.#socket = socket
    this.#timeoutMs = timeoutMs
    this.#values = decodeMultiStream(socket)[Symbol.asyncIterator]()
    this.closed = this.#read()
  }

  /**
   * Connects, shakes hands and authenticates. Each of these steps, and each later command, has `timeoutMs`; `signal`
   * also ends the connection at any time.
   *
   * @throws AgentRefusal if the key is wrong or missing; Error if no response of a Serf agent arrives
   */
  static async open(
    { host, port, authKey }: AgentAddress,
    { signal, timeoutMs = defaultTimeoutMs }: { signal?: AbortSignal; timeoutMs?: number } = {},
  ): Promise<AgentConnection> {
    const socket = connect({ host, port, noDelay: true, ...(signal && { signal }) })
    try {
      await once(socket, 'connect', { signal: AbortSignal.timeout(timeoutMs) })
    } catch (cause) {
      socket.destroy()
      throw new Error(`no Serf agent answers at ${host}:${port}`, { cause })
    }
    const connection = new AgentConnection(socket, timeoutMs)
    try {
      await connection.#send('handshake', { Version: protocolVersion })
      if (authKey !== undefined) await connection.#send('auth', { AuthKey: authKey })
      // A command without a body: an agent that requires a key would read the body as the next command.
      const { agent } = await connection.#send('stats')
      connection.#agentName = agent.name
      return connection
    } catch (error) {
      await connection.close()
      throw error
    }
  }

  /** The name of the agent's own node among the members. */
  get agentName(): string {
    return this.#agentName
  }

  /** All members in the agent's list, including dead members and itself. */
  async members(): Promise<SerfMember[]> {
    return (await this.#send('members')).Members
  }

  /**
   * Sets and removes tags of the agent's own node; other tags stay. All tags together may have 512 bytes, encoded.
   * Resolves when the change was sent to other agents.
   *
   * @throws AgentRefusal if the tags are too long
   */
  async setTags(tags: Readonly<Record<string, string>>, removed: readonly string[] = []): Promise<void> {
    await this.#send('tags', { Tags: tags, DeleteTags: removed })
  }

  /** Calls `onEvent` for all later events of members. The agent collects events for 1 to 3 s first. */
  async stream(onEvent: (event: MemberEvent) => void): Promise<void> {
    await this.#send('stream', { Type: memberEvents.join(',') }, onEvent)
  }

  /** Idempotent. */
  async close(): Promise<void> {
    this.#fault ??= new Error('the connection to the Serf agent was closed')
    this.#socket.destroy()
    await this.closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #send<Name extends Command>(
    command: Name,
    body?: object,
    onEvent?: (event: MemberEvent) => void,
  ): Promise<ReplyBody<Name>> {
    const reply = this.#turn.then(() => this.#sendNow(command, body, onEvent))
    this.#turn = reply.catch(() => undefined) // the caller gets the error; the next command is sent anyway
    return reply as Promise<ReplyBody<Name>>
  }

  #sendNow(command: Command, body?: object, onEvent?: (event: MemberEvent) => void): Promise<unknown> {
    if (this.#fault) throw this.#fault
    const sequence = ++this.#sequence
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    this.#expected.set(sequence, { command, resolve, reject })
    if (onEvent) this.#listeners.set(sequence, onEvent)
    this.#socket.write(encode({ Command: command, Seq: sequence }))
    if (body) this.#socket.write(encode(body))
    // A late reply could be mistaken for another reply, so the connection is no longer usable.
    const timeout = setTimeout(() => {
      this.#fault ??= new Error(`the Serf agent did not answer "${command}" within ${this.#timeoutMs} ms`)
      this.#socket.destroy()
    }, this.#timeoutMs)
    return promise.finally(() => clearTimeout(timeout))
  }

  async #read(): Promise<Error> {
    try {
      for (;;) await this.#readReply()
    } catch (cause) {
      this.#fault ??= new Error('the connection to the Serf agent broke', { cause })
    }
    this.#socket.destroy()
    for (const { reject } of this.#expected.values()) reject(this.#fault)
    this.#expected.clear()
    return this.#fault
  }

  async #readReply(): Promise<void> {
    const header = Value.Parse(ReplyHeader, await this.#next())
    const expected = this.#expected.get(header.Seq)
    if (!expected) {
      const listener = this.#listeners.get(header.Seq)
      if (!listener) throw new Error(`got a reply with the unknown Seq ${header.Seq}`)
      listener(Value.Parse(MemberEvent, await this.#next()))
      return
    }
    if (header.Error !== '') {
      this.#listeners.delete(header.Seq)
      expected.reject(new AgentRefusal(expected.command, header.Error))
    } else {
      const body: TSchema | undefined = replyBodies[expected.command]
      expected.resolve(body && Value.Parse(body, await this.#next()))
    }
    this.#expected.delete(header.Seq)
  }

  async #next(): Promise<unknown> {
    const { done, value } = await this.#values.next()
    if (done) throw new Error('the agent has closed the connection')
    return value
  }
}
