import { DatabaseError } from 'pg'

/**
 * The meaning of a failure.
 * - `again`: PostgreSQL rolled the transaction back because of other transactions; a retry may succeed
 * - `unavailable`: PostgreSQL can't answer now; the outcome of the last request is unknown
 * - `elsewhere`: this server disconnected or refuses writes; another server may replace it
 * - `refused`: PostgreSQL refuses this user, or the database is missing; an administrator can change that
 * - `fault`: the request is wrong, or PostgreSQL has an internal error; a retry changes nothing
 */
type FailureKind = 'again' | 'unavailable' | 'elsewhere' | 'refused' | 'fault'

/** By SQLSTATE, or its class (PostgreSQL's documentation, appendix A). */
const kinds: Readonly<Record<string, FailureKind>> = {
  '40001': 'again', // serialization_failure
  '40P01': 'again', // deadlock_detected
  '55P03': 'again', // lock_not_available: not within lock_timeout
  '23505': 'again', // unique_violation: another copy has just stored the same id or key
  '08': 'elsewhere', // connection exceptions
  '57P': 'elsewhere', // shut down, crashed, starting, or the database is dropped
  '25006': 'elsewhere', // read_only_sql_transaction: a standby, or a server that is read-only
  '0A000': 'elsewhere', // feature_not_supported: a standby can't do this "during recovery"
  '55000': 'elsewhere', // object_not_in_prerequisite_state: the same, for transaction ids
  '53': 'unavailable', // too many connections, disk full, out of memory
  '57': 'unavailable', // not within statement_timeout
  '25P': 'unavailable', // idle_in_transaction_session_timeout, transaction_timeout
  '28': 'refused', // password, certificate, pg_hba.conf
  '3D': 'refused', // there is no such database
}

/** There is no connection, or it was lost. */
export class ConnectionLost extends Error {
  constructor(cause: unknown) {
    super(describeFailure(cause).reason, { cause })
  }
}

/** The server answers, but refuses writes: it is a standby, or read-only. */
export class RefusesWrites extends Error {}

/** @throws DatabaseError if the server answered with an error, or ConnectionLost */
export async function askServer<Result>(response: Promise<Result>): Promise<Result> {
  try {
    return await response
  } catch (error) {
    if (error instanceof DatabaseError || error instanceof RefusesWrites) throw error
    throw new ConnectionLost(error)
  }
}

export function failureKind(error: unknown): FailureKind {
  if (error instanceof ConnectionLost || error instanceof RefusesWrites) return 'elsewhere'
  if (!(error instanceof DatabaseError)) return 'fault'
  const { code = '' } = error
  return kinds[code] ?? kinds[code.slice(0, 3)] ?? kinds[code.slice(0, 2)] ?? 'fault'
}

/** Whether the connection is unusable now. If its transaction was being committed, the outcome is unknown. */
export function endsConnection(error: unknown): boolean {
  return ['unavailable', 'elsewhere', 'refused'].includes(failureKind(error))
}

/** For the log, instead of the error itself, to which pg may attach the client with its password. */
export function describeFailure(error: unknown): { code?: string; reason: string } {
  if (!(error instanceof Error)) return { reason: String(error) }
  // For a name with several addresses, each attempt has an error, and the AggregateError has no message.
  const [first] = error instanceof AggregateError ? error.errors : []
  const reason = error.message || (first instanceof Error ? first.message : error.name)
  return { ...('code' in error && { code: String(error.code) }), reason }
}
