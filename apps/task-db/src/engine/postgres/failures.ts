import { DatabaseError } from 'pg'

/**
 * What follows from a failure.
 * - `again`: PostgreSQL rolled the transaction back because of others; it may succeed when it is done once more
 * - `unavailable`: PostgreSQL can't answer now; whether what was sent last has happened is not known
 * - `elsewhere`: the same, and another server may take the connection's place: this one went away, or takes no writes
 * - `refused`: it lets nobody in under this name, or has no such database; whoever runs it can change that
 * - `fault`: what was asked for is wrong, or something is broken; asking again changes nothing
 */
export type FailureKind = 'again' | 'unavailable' | 'elsewhere' | 'refused' | 'fault'

/** By SQLSTATE, or its class (PostgreSQL's documentation, appendix A). */
const kinds: Readonly<Record<string, FailureKind>> = {
  '40001': 'again', // serialization_failure
  '40P01': 'again', // deadlock_detected
  '55P03': 'again', // lock_not_available: not within lock_timeout
  '23505': 'again', // unique_violation: another copy has just stored the same id or key
  '08': 'elsewhere', // connection exceptions
  '57P': 'elsewhere', // shut down, crashed, starting, or the database is dropped
  '25006': 'elsewhere', // read_only_sql_transaction: a standby, or a server that was set to be read only
  '0A000': 'elsewhere', // feature_not_supported: what a standby can't do "during recovery"
  '55000': 'elsewhere', // object_not_in_prerequisite_state: the same, of transaction ids
  '53': 'unavailable', // too many connections, disk full, out of memory
  '57': 'unavailable', // not within statement_timeout
  '25P': 'unavailable', // idle_in_transaction_session_timeout, transaction_timeout
  '28': 'refused', // password, certificate, pg_hba.conf
  '3D': 'refused', // there is no such database
}

/** There is no connection, or there is none any more. */
export class ConnectionLost extends Error {
  constructor(cause: unknown) {
    super(describeFailure(cause).reason, { cause })
  }
}

/** The server answers, and refuses writes: it is a standby, or was told to be read only. */
export class TakesNoWrites extends Error {}

/** @throws DatabaseError that the server answered, or ConnectionLost */
export async function askServer<Answer>(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof DatabaseError || error instanceof TakesNoWrites) throw error
    throw new ConnectionLost(error)
  }
}

export function failureKind(error: unknown): FailureKind {
  if (error instanceof ConnectionLost || error instanceof TakesNoWrites) return 'elsewhere'
  if (!(error instanceof DatabaseError)) return 'fault'
  const { code = '' } = error
  return kinds[code] ?? kinds[code.slice(0, 3)] ?? kinds[code.slice(0, 2)] ?? 'fault'
}

/** Whether the connection is of no use any more, and its last transaction in doubt if it was being committed. */
export function endsConnection(error: unknown): boolean {
  return ['unavailable', 'elsewhere', 'refused'].includes(failureKind(error))
}

/** For the log: not the error itself, to which pg may attach the client that had it. */
export function describeFailure(error: unknown): { code?: string; reason: string } {
  if (!(error instanceof Error)) return { reason: String(error) }
  // Of a name with several addresses each attempt has its own error, and the whole has no message.
  const [first] = error instanceof AggregateError ? error.errors : []
  const reason = error.message || (first instanceof Error ? first.message : error.name)
  return { ...('code' in error && { code: String(error.code) }), reason }
}
