import type { Member } from '@darkroom/contracts'
import type { Network } from '../../src/node/network.ts'
import type { StateNode } from '../../src/node/state-node.ts'
import { SimulatedConnections } from './simulated-connections.ts'
import type { SimulatedTime } from './simulated-time.ts'

/** The size of HTTP headers in bytes, as undici and Fastify write them, with a token of 43 characters. */
const headBytes = { request: 230, answer: 130 }

interface NetworkConditions {
  /** Share of packets that are lost. */
  loss: number
  timeoutMs: number
}

/** Carries messages between nodes by their ids, as HTTP does: each arrives within a time limit or not at all. */
export class SimulatedNetwork {
  /** The nodes that can be reached. */
  readonly nodes = new Map<string, StateNode>()
  /** Whether messages pass between two nodes; changed by partitions. */
  isOpen: (from: string, to: string) => boolean = () => true
  readonly #connections: SimulatedConnections
  readonly #timeoutMs: number
  readonly #time: SimulatedTime

  constructor(time: SimulatedTime, random: () => number, { loss, timeoutMs }: NetworkConditions) {
    this.#time = time
    this.#timeoutMs = timeoutMs
    this.#connections = new SimulatedConnections(time, random, loss)
  }

  /** The bytes that all nodes sent, including packets that were sent again. */
  get sentBytes(): number {
    return this.#connections.sentBytes
  }

  /** The network as one node uses it. */
  from(sender: string): Network {
    return {
      gossip: (to, message) =>
        this.#ask(sender, to, message, async node => {
          await node.receive(message)
        }),
      identify: async url => Promise.reject(new Error(`${url} must not be asked`)),
      sync: (to, request) => this.#ask(sender, to, request, node => node.answerSync(request)),
    }
  }

  #ask<Result>(
    from: string,
    { id: to }: Member,
    message: object,
    handle: (node: StateNode) => Promise<Result>,
  ): Promise<Result> {
    return new Promise((resolve, reject) => {
      let isOver = false
      const end = (settle: () => void) => {
        isOver = true
        cancel()
        settle()
      }
      const cancel = this.#time.setTimer(this.#timeoutMs, () => {
        isOver = true
        this.#connections.drop(from, to)
        reject(new Error(`${to} does not answer`))
      })
      const carry = (lateMs: number, arrive: () => void) =>
        this.#time.setTimer(lateMs, () => {
          if (!isOver && this.isOpen(from, to)) arrive()
        })

      const connections = this.#connections
      const requestMs = connections.open(from, to) + connections.send(headBytes.request + sizeOf(message))
      carry(requestMs, () => {
        const node = this.nodes.get(to)
        if (!node) return
        handle(node).then(
          answer => {
            if (this.nodes.get(to) !== node) return // it was killed meanwhile
            const answerMs = connections.send(headBytes.answer + sizeOf(answer))
            carry(answerMs, () => end(() => resolve(answer)))
          },
          error => end(() => reject(error)),
        )
      })
    })
  }
}

function sizeOf(message: unknown): number {
  return message === undefined ? 0 : JSON.stringify(message).length
}
