import { type Cluster, type Member, MembersUnchanged } from '../engine.ts'
import type { Gateway } from './gateway.ts'
import type { MemberMessage, StatusResponse } from './messages.ts'
import { EtcdRefusal, grpcCode } from './refusal.ts'

/** The members of an etcd cluster. Ids are hexadecimal, as in etcdctl. */
export class EtcdCluster implements Cluster {
  readonly #gateway: Gateway

  constructor(gateway: Gateway) {
    this.#gateway = gateway
  }

  async members(): Promise<{ leader?: string; members: Member[] }> {
    const [{ members = [] }, { leader }] = await Promise.all([
      this.#gateway.call<{ members?: MemberMessage[] }>('repeatable', 'cluster/member/list', {}),
      this.#gateway.call<StatusResponse>('repeatable', 'maintenance/status', {}),
    ])
    return {
      ...(leader !== undefined && { leader: toHexadecimal(leader) }),
      members: members.map(({ ID, name = '', peerURLs = [] }) => ({
        id: toHexadecimal(ID),
        name,
        urls: peerURLs,
      })),
    }
  }

  /** `urls` are the addresses for the other members. The member has no name until it is started. */
  async add(urls: string[]): Promise<{ id: string }> {
    const { member } = await this.#change<{ member?: MemberMessage }>('cluster/member/add', {
      peerURLs: urls,
    })
    return { id: toHexadecimal(member?.ID) }
  }

  async remove(id: string): Promise<boolean> {
    if (!/^[0-9a-f]{1,16}$/.test(id)) return false
    try {
      await this.#change('cluster/member/remove', { ID: BigInt(`0x${id}`).toString() })
      return true
    } catch (error) {
      if (error instanceof EtcdRefusal && error.code === grpcCode.notFound) return false
      throw error
    }
  }

  /** etcd refuses, for example, changes that would leave too few started members. */
  async #change<Result>(path: string, body: object): Promise<Result> {
    try {
      return await this.#gateway.call<Result>('write', path, body)
    } catch (error) {
      if (error instanceof EtcdRefusal && refusals.has(error.code))
        throw new MembersUnchanged(error.reason, error)
      throw error
    }
  }
}

/** The gateway throws StoreUnavailable for connection problems; any other of these codes means an unhealthy cluster. */
const refusals = new Set<number>([
  grpcCode.failedPrecondition,
  grpcCode.invalidArgument,
  grpcCode.unavailable,
])

function toHexadecimal(id = '0'): string {
  return BigInt(id).toString(16)
}
