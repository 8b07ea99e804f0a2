import type { FastifyReply } from 'fastify'

/** Less than the minute after which proxies time out (RFC 6202, 5.5). */
const maxWaitSeconds = 55

/** `Prefer: wait=N` (RFC 7240, 4.3) in seconds, 0 without it. Confirms an applied wait in the response. */
export function applyPreferredWait(prefer: string | undefined, reply: FastifyReply): number {
  const match = /(?:^|[,;\s])wait\s*=\s*"?(\d+)"?\s*(?:$|[,;])/i.exec(prefer ?? '')
  if (!match) return 0
  const seconds = Math.min(Number(match[1]), maxWaitSeconds)
  reply.header('preference-applied', `wait=${seconds}`)
  return seconds
}
