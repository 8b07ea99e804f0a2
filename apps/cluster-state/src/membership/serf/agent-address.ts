import { InvalidConfig } from '@darkroom/service-kit'

export interface AgentAddress {
  host: string
  port: number
  /** What the agent's configuration has as `rpc_auth`. */
  authKey?: string
}

const defaultPort = 7373

/**
 * serf://[:rpc-auth-key@]host[:7373] -> where that agent answers
 *
 * @throws InvalidConfig without the key in its words
 */
export function parseAgentAddress(url: string): AgentAddress {
  const parsed = URL.parse(url)
  const authKey = decoded(parsed?.password ?? '')
  const isOurs = parsed?.protocol === 'serf:' && parsed.hostname !== '' && /^\/?$/.test(parsed.pathname)
  if (
    !isOurs ||
    authKey === undefined ||
    parsed.username !== '' ||
    parsed.search !== '' ||
    parsed.hash !== ''
  )
    throw new InvalidConfig(['MEMBERSHIP_URL must be like serf://:rpc-auth-key@127.0.0.1:7373'])
  return {
    host: parsed.hostname.replace(/^\[|\]$/g, ''), // a URL's brackets are no part of an IPv6 address
    port: parsed.port === '' ? defaultPort : Number(parsed.port),
    ...(authKey !== '' && { authKey }),
  }
}

/** undefined where a percent sign stands for itself. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
