import type { DatabaseSync } from 'node:sqlite'
import type { Migrations } from '@darkroom/sqlite'

export const migrations: Migrations = [
  `
  CREATE TABLE entries (
    key BLOB PRIMARY KEY,
    value BLOB NOT NULL,
    revision INTEGER NOT NULL,
    ttl_ms INTEGER,
    expires_at INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX entries_by_expiry ON entries (expires_at) WHERE expires_at IS NOT NULL;
  CREATE TABLE store (revision INTEGER NOT NULL) STRICT;
  INSERT INTO store VALUES (0);
  `,
  `
  DROP INDEX entries_by_expiry;
  ALTER TABLE entries DROP COLUMN expires_at;
  `,
]

/**
 * The ends of leases are only in memory, so renewing a lease writes nothing to the disk. When the store is opened, every
 * lease starts again, because it could not be renewed while the store was down.
 */
export const leases = `
  PRAGMA temp_store = MEMORY;
  CREATE TEMP TABLE leases (key BLOB PRIMARY KEY, ends_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE INDEX temp.leases_by_end ON leases (ends_at);
`

export interface Row {
  key: Uint8Array
  value: Uint8Array
  revision: number
  ttl_ms: number | null
  /** The end of the lease, in the time of leases. */
  ends_at: number | null
}

export function prepareStatements(database: DatabaseSync) {
  const prepare = (sql: string) => database.prepare(sql)
  const live = `SELECT entries.*, ends_at FROM entries LEFT JOIN leases USING (key)
    WHERE (ends_at IS NULL OR ends_at > ?)`
  return {
    get: prepare(`${live} AND entries.key = ?`),
    list: prepare(
      `${live} AND entries.key >= ? AND entries.key < ? AND (? IS NULL OR entries.key > ?) ORDER BY entries.key`,
    ),
    set: prepare('INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?)'),
    delete: prepare('DELETE FROM entries WHERE key = ?'),
    startLease: prepare('INSERT OR REPLACE INTO leases VALUES (?, ?)'),
    startLeases: prepare('INSERT INTO leases SELECT key, ? + ttl_ms FROM entries WHERE ttl_ms IS NOT NULL'),
    renewLeases: prepare(
      `UPDATE leases SET ends_at = ? + (SELECT ttl_ms FROM entries WHERE entries.key = leases.key)
       WHERE ends_at > ?`,
    ),
    endLease: prepare('DELETE FROM leases WHERE key = ?'),
    endLeases: prepare('DELETE FROM leases WHERE ends_at <= ?'),
    nextEnd: prepare('SELECT min(ends_at) AS ends_at FROM leases'),
    deleteExpired: prepare(
      'DELETE FROM entries WHERE key IN (SELECT key FROM leases WHERE ends_at <= ?) RETURNING key',
    ),
    revision: prepare('SELECT revision FROM store'),
    nextRevision: prepare('UPDATE store SET revision = revision + 1 RETURNING revision'),
  }
}
