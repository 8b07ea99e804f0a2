import type { Migrations } from '@darkroom/sqlite'

/** The steps from an empty file to the current schema. Only append to them. */
export const migrations: Migrations = [
  // The task itself is a JSON document; the fields that queries use are generated columns.
  `
  CREATE TABLE tasks (
    id TEXT PRIMARY KEY,
    document TEXT NOT NULL,
    state TEXT NOT NULL AS (document ->> 'state'),
    finished_at TEXT AS (document ->> 'finishedAt'),
    lease_expires_at TEXT AS (document ->> '$.lease.expiresAt'),
    idempotency_key TEXT AS (document ->> 'idempotencyKey')
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX tasks_by_state ON tasks (state, id);
  CREATE INDEX tasks_by_end ON tasks (finished_at) WHERE finished_at IS NOT NULL;
  CREATE INDEX tasks_by_lease ON tasks (lease_expires_at) WHERE lease_expires_at IS NOT NULL;
  CREATE UNIQUE INDEX tasks_by_idempotency_key ON tasks (idempotency_key) WHERE idempotency_key IS NOT NULL;

  -- Counting the rows of a state would read them all.
  CREATE TABLE counts (state TEXT PRIMARY KEY, tasks INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO counts VALUES ('not-started', 0), ('in-progress', 0), ('finished', 0), ('failed', 0);
  CREATE TRIGGER count_created AFTER INSERT ON tasks BEGIN
    UPDATE counts SET tasks = tasks + 1 WHERE state = new.state;
  END;
  CREATE TRIGGER count_changed AFTER UPDATE ON tasks WHEN old.state <> new.state BEGIN
    UPDATE counts SET tasks = tasks - 1 WHERE state = old.state;
    UPDATE counts SET tasks = tasks + 1 WHERE state = new.state;
  END;
  CREATE TRIGGER count_deleted AFTER DELETE ON tasks BEGIN
    UPDATE counts SET tasks = tasks - 1 WHERE state = old.state;
  END;
  `,
  `
  UPDATE tasks SET document = json_set(document, '$.urgency', 3);
  ALTER TABLE tasks ADD COLUMN urgency INTEGER AS (document ->> 'urgency');
  CREATE INDEX tasks_by_urgency ON tasks (urgency, id) WHERE state = 'not-started';
  `,
  `
  -- An empty owner means the operators. Listings by owner never select these tasks, so they are in no index.
  ALTER TABLE tasks ADD COLUMN owner TEXT NOT NULL AS (coalesce(document ->> 'owner', ''));
  DROP INDEX tasks_by_idempotency_key;
  CREATE UNIQUE INDEX tasks_by_idempotency_key ON tasks (owner, idempotency_key) WHERE idempotency_key IS NOT NULL;
  CREATE INDEX tasks_by_owner ON tasks (owner, id) WHERE owner <> '';
  CREATE INDEX tasks_by_owner_and_state ON tasks (owner, state, id) WHERE owner <> '';
  `,
  `
  CREATE TABLE minute_counts (minute INTEGER, name TEXT, count INTEGER NOT NULL, PRIMARY KEY (minute, name))
    STRICT, WITHOUT ROWID;
  `,
  `
  ALTER TABLE tasks ADD COLUMN notice_due_at TEXT AS (document ->> '$.callback.dueAt');
  ALTER TABLE tasks ADD COLUMN notice_is_slow INTEGER AS (document ->> '$.callback.isSlow');
  ALTER TABLE tasks ADD COLUMN notice_host TEXT AS (document ->> '$.callback.host');
  CREATE INDEX tasks_by_notice ON tasks (notice_is_slow, notice_due_at, notice_host) WHERE notice_due_at IS NOT NULL;
  `,
  `
  -- Tasks without an owner have no turn: they are first, and cost no index.
  ALTER TABLE tasks ADD COLUMN turn INTEGER NOT NULL AS (coalesce(document ->> 'turn', 0));
  DROP INDEX tasks_by_urgency;
  CREATE INDEX tasks_by_turn ON tasks (urgency, turn, id) WHERE state = 'not-started';
  CREATE INDEX tasks_by_turn_of_owner ON tasks (owner, urgency, turn) WHERE state = 'not-started' AND owner <> '';
  `,
  `
  ALTER TABLE tasks ADD COLUMN preset TEXT AS (document ->> 'preset');
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
