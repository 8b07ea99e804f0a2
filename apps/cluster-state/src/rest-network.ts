import {
  type Client,
  type clusterStateRoutes,
  type Member,
  NodeIdentity,
  SyncReply,
} from '@darkroom/contracts'
import { Compile } from '@darkroom/contracts/typebox'
import type { Network } from './node/network.ts'
import { ProtocolError } from './node/protocol-error.ts'

type NodeClient = Pick<Client<typeof clusterStateRoutes>, 'gossip' | 'identify' | 'sync'>

const syncReply = Compile(SyncReply)
const nodeIdentity = Compile(NodeIdentity)

/** Sends messages between nodes as HTTP requests with a timeout. */
export function createRestNetwork(options: {
  /** A client of the node at this address only. */
  clientAt(url: string): NodeClient
  timeoutMs: number
}): Network {
  const { clientAt, timeoutMs } = options
  const signal = () => AbortSignal.timeout(timeoutMs)
  return {
    async gossip(to, message) {
      const { status, body } = await clientAt(to.url).gossip({ body: message, signal: signal() })
      if (status !== 204) throw refused(to, body?.detail)
    },
    async sync(to, request) {
      const { status, body } = await clientAt(to.url).sync({ body: request, signal: signal() })
      if (status !== 200) throw refused(to, body.detail)
      if (syncReply.Check(body)) return body
      const [error] = syncReply.Errors(body)
      throw new ProtocolError(
        `the response of ${to.id} is not valid: ${error?.instancePath} ${error?.message}`,
      )
    },
    async identify(url, self) {
      const { body } = await clientAt(url).identify({ body: self, signal: signal() })
      if (nodeIdentity.Check(body)) return body
      throw new ProtocolError(`the response of ${url} is not from a node of cluster-state`)
    },
  }
}

function refused(by: Member, detail = 'without a reason'): Error {
  return new Error(`${by.id} refused a message: ${detail}`)
}
