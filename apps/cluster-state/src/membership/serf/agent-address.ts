import { InvalidConfig } from '@darkroom/service-kit'

export interface AgentAddress {
  host: string
  port: number
  /** The `rpc_auth` of the agent's configuration. */
  authKey?: string
}

const defaultPort = 7373

/**
 * Parses serf://[:rpc-auth-key@]host[:7373].
 *
 * @throws InvalidConfig; the message omits the key
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
    host: parsed.hostname.replace(/^\[|\]$/g, ''), // the brackets in a URL are not part of an IPv6 address
    port: parsed.port === '' ? defaultPort : Number(parsed.port),
    ...(authKey !== '' && { authKey }),
  }
}

/** Undefined if a percent sign is not part of an encoding. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
