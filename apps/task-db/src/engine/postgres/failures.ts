import { DatabaseError } from 'pg'

/**
 * What follows from a failure.
 * - `again`: PostgreSQL rolled the transaction back because of others; it may succeed when it is done once more
 * - `unavailable`: PostgreSQL can't answer now; whether what was sent last has happened is not known
 * - `fault`: what was asked for is wrong, or something is broken; asking again changes nothing
 */
export type FailureKind = 'again' | 'unavailable' | 'fault'

/** By SQLSTATE, or its class (PostgreSQL's documentation, appendix A). */
const kinds: Readonly<Record<string, FailureKind>> = {
  '40001': 'again', // serialization_failure
  '40P01': 'again', // deadlock_detected
  '55P03': 'again', // lock_not_available: not within lock_timeout
  '23505': 'again', // unique_violation: another copy has just stored the same id or key
  '08': 'unavailable', // connection exceptions
  '53': 'unavailable', // too many connections, disk full, out of memory
  '57': 'unavailable', // shut down, crashed, starting, or not within statement_timeout
  '25006': 'unavailable', // read_only_sql_transaction: this is a standby
  '25P03': 'unavailable', // idle_in_transaction_session_timeout
}

/** There is no connection, or there is none any more. */
export class ConnectionLost extends Error {
  constructor(cause: unknown) {
    super(describeFailure(cause).reason, { cause })
  }
}

/** @throws DatabaseError that the server answered, or ConnectionLost */
export async function askServer<Answer>(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer
  } catch (error) {
    throw error instanceof DatabaseError ? error : new ConnectionLost(error)
  }
}

export function failureKind(error: unknown): FailureKind {
  if (error instanceof ConnectionLost) return 'unavailable'
  if (!(error instanceof DatabaseError)) return 'fault'
  const { code = '' } = error
  return kinds[code] ?? kinds[code.slice(0, 2)] ?? 'fault'
}

const unreadableUrl =
  'its URL can not be read; ports end at 65535, and what is special in a password has to be percent-encoded'

/** For the log: not the error itself, to which pg may attach the client that had it. */
export function describeFailure(error: unknown): { code?: string; reason: string } {
  if (!(error instanceof Error)) return { reason: String(error) }
  // Of a name with several addresses each attempt has its own error, and the whole has no message.
  const [first] = error instanceof AggregateError ? error.errors : []
  if ('code' in error && error.code === 'ERR_INVALID_URL') return { reason: unreadableUrl }
  const reason = error.message || (first instanceof Error ? first.message : error.name)
  return { ...('code' in error && { code: String(error.code) }), reason }
}
