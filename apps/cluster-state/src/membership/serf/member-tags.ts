import { Member } from '@darkroom/contracts'
import { Value } from '@darkroom/contracts/typebox'
import type { SerfMember } from './agent-protocol.ts'

/** Tags of a node's agent by which the others find the node; 512 bytes for all of an agent's tags, encoded. */
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

/** Whether an agent's node has these tags, beside whatever others. */
export function carries({ Tags }: SerfMember, tags: Readonly<Record<string, string>>): boolean {
  return Object.entries(tags).every(([name, value]) => Tags?.[name] === value)
}

/** Whether there is a cluster-state beside that agent, and the agent is alive. */
export function isLive({ Status, Tags }: SerfMember): boolean {
  return Status === 'alive' && Tags?.[tagNames.role] === role
}

/** What the tags of such a node say; undefined when that is no node that could be asked. */
export function memberOf({ Tags }: SerfMember): Member | undefined {
  const [id, url = '', dataCentre] = [tagNames.id, tagNames.url, tagNames.dataCentre].map(
    name => Tags?.[name],
  )
  const member = { id, url, dataCentre }
  const protocol = URL.parse(url)?.protocol
  const isAddress = protocol === 'http:' || protocol === 'https:'
  return isAddress && Value.Check(Member, member) ? member : undefined
}
