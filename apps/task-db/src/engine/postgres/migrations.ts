import type { ClientBase } from 'pg'
import { askServer } from './failures.ts'

/** The number of the advisory lock, the same in every copy: "darkroom" in ASCII. */
export const migrationLock = '7233183901389872493'

/** The steps from an empty schema to the current schema. Only append to them. */
const migrations: readonly string[] = [
  `
  -- The task itself is a JSON document, and the searched fields have their own columns. COLLATE "C": ids go by their bytes.
  CREATE TABLE tasks (
    id text COLLATE "C" PRIMARY KEY,
    state text COLLATE "C" NOT NULL,
    urgency smallint NOT NULL,
    lease_expires_at timestamptz,
    finished_at timestamptz,
    idempotency_key text COLLATE "C",
    document json NOT NULL
  -- Rows are updated a few times in their first minute: the space of their old versions must soon be reused.
  ) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
  CREATE INDEX tasks_by_state ON tasks (state, id);
  CREATE INDEX tasks_by_urgency ON tasks (urgency, id) WHERE state = 'not-started';
  CREATE INDEX tasks_by_lease ON tasks (lease_expires_at) WHERE lease_expires_at IS NOT NULL;
  CREATE INDEX tasks_by_end ON tasks (finished_at, id) WHERE finished_at IS NOT NULL;
  CREATE UNIQUE INDEX tasks_by_idempotency_key ON tasks (idempotency_key) WHERE idempotency_key IS NOT NULL;

  -- Counting the rows of a state would read them all, and one row with the count would make all writers wait for
  -- each other. So every statement adds a row with its change of the count. The sum of the rows is exact in every
  -- snapshot, and maintenance.ts keeps the rows few.
  CREATE TABLE counts (state text COLLATE "C" NOT NULL, tasks bigint NOT NULL)
    WITH (autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0);
  CREATE FUNCTION count_created() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO counts SELECT state, count(*) FROM created GROUP BY state;
    RETURN NULL;
  END $$;
  CREATE FUNCTION count_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO counts SELECT state, sum(tasks) FROM
      (SELECT state, 1 AS tasks FROM after UNION ALL SELECT state, -1 FROM before) AS differences
      GROUP BY state HAVING sum(tasks) <> 0;
    RETURN NULL;
  END $$;
  CREATE FUNCTION count_deleted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO counts SELECT state, -count(*) FROM deleted GROUP BY state;
    RETURN NULL;
  END $$;
  CREATE TRIGGER count_created AFTER INSERT ON tasks REFERENCING NEW TABLE AS created
    FOR EACH STATEMENT EXECUTE FUNCTION count_created();
  CREATE TRIGGER count_changed AFTER UPDATE ON tasks REFERENCING OLD TABLE AS before NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION count_changed();
  CREATE TRIGGER count_deleted AFTER DELETE ON tasks REFERENCING OLD TABLE AS deleted
    FOR EACH STATEMENT EXECUTE FUNCTION count_deleted();

  -- Every transaction leaves its mark, for a while (see database.ts).
  CREATE TABLE commits (mark uuid PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())
    WITH (autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_scale_factor = 0);
  `,
  `
  -- An empty owner means the operators. Copies of the previous version still create tasks without an owner. Listings by
  -- owner never select these tasks, so they are in no index. The key comes first, because it is also searched for alone.
  ALTER TABLE tasks ADD COLUMN owner text COLLATE "C" NOT NULL DEFAULT '';
  CREATE UNIQUE INDEX tasks_by_key_and_owner ON tasks (idempotency_key, owner) WHERE idempotency_key IS NOT NULL;
  DROP INDEX tasks_by_idempotency_key;
  CREATE INDEX tasks_by_owner ON tasks (owner, id) WHERE owner <> '';
  CREATE INDEX tasks_by_owner_and_state ON tasks (owner, state, id) WHERE owner <> '';
  `,
  `
  CREATE TABLE minute_counts (
    minute integer NOT NULL,
    name text COLLATE "C" NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (minute, name)
  ) WITH (autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0);
  `,
  `
  -- Notices that are due, or being sent.
  ALTER TABLE tasks ADD COLUMN notice_due_at timestamptz, ADD COLUMN notice_is_slow boolean,
    ADD COLUMN notice_host text COLLATE "C";
  CREATE INDEX tasks_by_notice ON tasks (notice_is_slow, notice_due_at, notice_host) WHERE notice_due_at IS NOT NULL;
  `,
  `
  -- Tasks without an owner have no turn: they are first, and cost no index.
  ALTER TABLE tasks ADD COLUMN turn integer NOT NULL DEFAULT 0;
  CREATE INDEX tasks_by_turn ON tasks (urgency, turn, id) WHERE state = 'not-started';
  CREATE INDEX tasks_by_turn_of_owner ON tasks (owner, urgency, turn) WHERE state = 'not-started' AND owner <> '';
  DROP INDEX tasks_by_urgency;
  `,
  `
  ALTER TABLE tasks ADD COLUMN preset text COLLATE "C";
  -- PostgreSQL can't read documents that contain U+0000. Few tasks have a preset: the others are not touched.
  UPDATE tasks SET preset = document ->> 'preset'
    WHERE document::text LIKE '%"preset":"%' AND document::text NOT LIKE '%\\\\u0000%';
  CREATE INDEX tasks_by_preset ON tasks (preset, id) WHERE preset IS NOT NULL;
  CREATE INDEX tasks_by_owner_and_preset ON tasks (owner, preset, id) WHERE owner <> '' AND preset IS NOT NULL;
  `,
  `
  -- The turns of an owner are the same for all urgencies.
  DROP INDEX tasks_by_turn;
  DROP INDEX tasks_by_turn_of_owner;
  CREATE INDEX tasks_by_turn ON tasks (turn, urgency, id) WHERE state = 'not-started';
  CREATE INDEX tasks_by_turn_of_owner ON tasks (owner, turn) WHERE state = 'not-started' AND owner <> '';
  CREATE INDEX tasks_by_urgency_of_owner ON tasks (owner, urgency, id) WHERE state = 'not-started' AND owner <> '';
  `,
]

/** The encoding of an empty database lacks characters that may be in a task. */
class IncompleteEncoding extends Error {}

/** A newer program created this schema, so this one must not change it. */
class SchemaTooNew extends Error {}

/**
 * Migrates the schema, in one transaction. Copies that start together take turns, using an advisory lock; the later copies
 * find the work done.
 *
 * @throws SchemaTooNew, IncompleteEncoding, DatabaseError, ConnectionLost
 */
export async function migrate(client: ClientBase): Promise<void> {
  const run = (text: string, values: unknown[] = []) =>
    askServer(client.query<{ version: number }>(text, values))
  await run('BEGIN')
  try {
    await run('SELECT pg_advisory_xact_lock($1)', [migrationLock])
    await run('CREATE TABLE IF NOT EXISTS schema_version (version integer NOT NULL)')
    const { rows } = await run('SELECT version FROM schema_version')
    const version = rows[0]?.version ?? 0
    if (version > migrations.length) {
      const message = `the schema of the tasks has version ${version}`
      throw new SchemaTooNew(
        `${message}; this program supports versions up to ${migrations.length}: use a newer Darkroom`,
      )
    }
    if (version === 0) await checkEncoding(client)
    for (const step of migrations.slice(version)) await run(step)
    await run(rows[0] ? 'UPDATE schema_version SET version = $1' : 'INSERT INTO schema_version VALUES ($1)', [
      migrations.length,
    ])
    await run('COMMIT')
  } catch (error) {
    // If the connection is lost, the server rolls back by itself.
    await run('ROLLBACK').catch(() => undefined)
    throw error
  }
}

/** SQL_ASCII keeps all bytes as they are. Earlier versions did not check this: their tables stay in use. */
async function checkEncoding(client: ClientBase): Promise<void> {
  const { rows } = await askServer(client.query<{ server_encoding: string }>('SHOW server_encoding'))
  const encoding = rows[0]?.server_encoding ?? ''
  if (['UTF8', 'SQL_ASCII'].includes(encoding)) return
  throw new IncompleteEncoding(
    `the encoding ${encoding} of its database lacks characters: create the database with ENCODING 'UTF8' TEMPLATE template0`,
  )
}
