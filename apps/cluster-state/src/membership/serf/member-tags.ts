import { Member } from '@darkroom/contracts'
import { Value } from '@darkroom/contracts/typebox'
import type { SerfMember } from './agent-protocol.ts'

/**
 * Tags of a node's agent by which the others find the node. All tags of an agent may have 512 bytes together,
 * encoded.
 */
const tagNames = { role: 'role', id: 'id', url: 'url', dataCentre: 'data-centre' } as const
const role = 'cluster-state'

export const ownTagNames: readonly string[] = Object.values(tagNames)

export function tagsOf({ id, url, dataCentre }: Member): Record<string, string> {
  return {
    [tagNames.role]: role,
    [tagNames.id]: id,
    [tagNames.url]: url,
    [tagNames.dataCentre]: dataCentre,
  }
}

/** Whether an agent's node has these tags, besides others. */
export function carries({ Tags }: SerfMember, tags: Readonly<Record<string, string>>): boolean {
  return Object.entries(tags).every(([name, value]) => Tags?.[name] === value)
}

/** Whether the agent is alive and belongs to a cluster-state node. */
export function isLive({ Status, Tags }: SerfMember): boolean {
  return Status === 'alive' && Tags?.[tagNames.role] === role
}

/** The member in the tags of a node; undefined if they don't contain a valid address. */
export function memberOf({ Tags }: SerfMember): Member | undefined {
  const [id, url = '', dataCentre] = [tagNames.id, tagNames.url, tagNames.dataCentre].map(
    name => Tags?.[name],
  )
  const member = { id, url, dataCentre }
  const protocol = URL.parse(url)?.protocol
  const isAddress = protocol === 'http:' || protocol === 'https:'
  return isAddress && Value.Check(Member, member) ? member : undefined
}
