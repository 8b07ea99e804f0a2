-- Made by a version before owners: pg_dump --no-owner --inserts --schema=darkroom

SET search_path = '';

CREATE SCHEMA darkroom;

CREATE FUNCTION darkroom.count_changed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN
    INSERT INTO counts SELECT state, sum(tasks) FROM
      (SELECT state, 1 AS tasks FROM after UNION ALL SELECT state, -1 FROM before) AS differences
      GROUP BY state HAVING sum(tasks) <> 0;
    RETURN NULL;
  END $$;

CREATE FUNCTION darkroom.count_created() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN
    INSERT INTO counts SELECT state, count(*) FROM created GROUP BY state;
    RETURN NULL;
  END $$;

CREATE FUNCTION darkroom.count_deleted() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN
    INSERT INTO counts SELECT state, -count(*) FROM deleted GROUP BY state;
    RETURN NULL;
  END $$;

CREATE TABLE darkroom.commits (
    mark uuid NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL
)
WITH (autovacuum_vacuum_threshold='5000', autovacuum_vacuum_scale_factor='0');

CREATE TABLE darkroom.counts (
    state text NOT NULL COLLATE pg_catalog."C",
    tasks bigint NOT NULL
)
WITH (autovacuum_vacuum_threshold='500', autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_cost_delay='0');

CREATE TABLE darkroom.schema_version (
    version integer NOT NULL
);

CREATE TABLE darkroom.tasks (
    id text NOT NULL COLLATE pg_catalog."C",
    state text NOT NULL COLLATE pg_catalog."C",
    urgency smallint NOT NULL,
    lease_expires_at timestamp with time zone,
    finished_at timestamp with time zone,
    idempotency_key text COLLATE pg_catalog."C",
    document json NOT NULL
)
WITH (fillfactor='70', autovacuum_vacuum_scale_factor='0.02', autovacuum_analyze_scale_factor='0.02');

INSERT INTO darkroom.commits VALUES ('e00c6473-6b64-42b4-9e35-8dce510e9f1b', '2026-11-26 13:02:55.596598+00');
INSERT INTO darkroom.commits VALUES ('a65cb26c-0337-406b-b700-578c4c25eb4f', '2026-11-26 13:02:55.645844+00');
INSERT INTO darkroom.commits VALUES ('1c3f97f9-0efa-4d75-a551-b607723c4e2b', '2026-11-26 13:02:55.661194+00');
INSERT INTO darkroom.commits VALUES ('77e38dd7-1c71-4171-9a70-7f452f2e63d3', '2026-11-26 13:02:55.668574+00');
INSERT INTO darkroom.commits VALUES ('49c7db79-6517-49d4-ac46-d5e6f9e9a005', '2026-11-26 13:02:55.678293+00');
INSERT INTO darkroom.commits VALUES ('39a451d5-a38d-43f5-8fe9-dddf18adfdd0', '2026-11-26 13:02:55.688864+00');
INSERT INTO darkroom.commits VALUES ('c764b453-6122-4e8e-a1a2-0756bc4d321d', '2026-11-26 13:02:55.700451+00');
INSERT INTO darkroom.commits VALUES ('83c35d8e-65b9-499c-87b2-5fb11000a485', '2026-11-26 13:02:55.708122+00');
INSERT INTO darkroom.commits VALUES ('72b1dd05-f7e6-4eeb-be4c-17a197e2fce6', '2026-11-26 13:02:55.716607+00');
INSERT INTO darkroom.commits VALUES ('5caac50c-9a9e-4afa-b218-ad6038916f09', '2026-11-26 13:02:55.723603+00');
INSERT INTO darkroom.commits VALUES ('4ecf5aed-9e76-4ad0-ad9c-5039de7b134c', '2026-11-26 13:02:55.732314+00');
INSERT INTO darkroom.commits VALUES ('238d2fe1-b825-4917-a677-45bf46bf8ba9', '2026-11-26 13:02:55.737295+00');

INSERT INTO darkroom.counts VALUES ('not-started', 1);
INSERT INTO darkroom.counts VALUES ('not-started', 1);
INSERT INTO darkroom.counts VALUES ('not-started', 1);
INSERT INTO darkroom.counts VALUES ('not-started', 1);
INSERT INTO darkroom.counts VALUES ('not-started', 1);
INSERT INTO darkroom.counts VALUES ('not-started', -1);
INSERT INTO darkroom.counts VALUES ('in-progress', 1);
INSERT INTO darkroom.counts VALUES ('finished', 1);
INSERT INTO darkroom.counts VALUES ('in-progress', -1);
INSERT INTO darkroom.counts VALUES ('not-started', -1);
INSERT INTO darkroom.counts VALUES ('in-progress', 1);
INSERT INTO darkroom.counts VALUES ('in-progress', -1);
INSERT INTO darkroom.counts VALUES ('failed', 1);
INSERT INTO darkroom.counts VALUES ('not-started', -1);
INSERT INTO darkroom.counts VALUES ('in-progress', 1);
INSERT INTO darkroom.counts VALUES ('not-started', 1);
INSERT INTO darkroom.counts VALUES ('in-progress', -1);
INSERT INTO darkroom.counts VALUES ('not-started', -1);
INSERT INTO darkroom.counts VALUES ('in-progress', 1);

INSERT INTO darkroom.schema_version VALUES (1);

INSERT INTO darkroom.tasks VALUES ('01990000-0000-7000-8000-000000000004', 'not-started', 3, NULL, NULL, NULL, '{"id":"01990000-0000-7000-8000-000000000004","state":"not-started","version":1,"operations":[{"name":"swap-channels","order":"bgr"}],"original":{"contentType":"image/png","bytes":1234,"width":40,"height":30,"frames":1,"sha256":"abababababababababababababababababababababababababababababababab"},"urgency":3,"attempts":0,"maxAttempts":3,"claims":0,"createdAt":"2026-11-26T13:02:55.670Z"}');
INSERT INTO darkroom.tasks VALUES ('01990000-0000-7000-8000-000000000005', 'not-started', 3, NULL, NULL, NULL, '{"id":"01990000-0000-7000-8000-000000000005","state":"not-started","version":1,"operations":[{"name":"swap-channels","order":"bgr"}],"original":{"contentType":"image/png","bytes":1234,"width":40,"height":30,"frames":1,"sha256":"abababababababababababababababababababababababababababababababab"},"urgency":3,"attempts":0,"maxAttempts":3,"claims":0,"createdAt":"2026-11-26T13:02:55.679Z"}');
INSERT INTO darkroom.tasks VALUES ('01990000-0000-7000-8000-000000000002', 'finished', 0, NULL, '2026-11-26 13:02:55.7+00', '"a \"key\" with \\ and ü"', '{"id":"01990000-0000-7000-8000-000000000002","state":"finished","version":3,"operations":[{"name":"swap-channels","order":"bgr"}],"original":{"contentType":"image/png","bytes":1234,"width":40,"height":30,"frames":1,"sha256":"abababababababababababababababababababababababababababababababab"},"urgency":0,"attempts":1,"maxAttempts":3,"claims":1,"createdAt":"2026-11-26T13:02:55.646Z","idempotencyKey":"a \"key\" with \\ and ü","startedAt":"2026-11-26T13:02:55.689Z","result":{"contentType":"image/png","bytes":1234,"width":40,"height":30,"frames":1,"sha256":"abababababababababababababababababababababababababababababababab"},"finishedAt":"2026-11-26T13:02:55.700Z"}');
INSERT INTO darkroom.tasks VALUES ('01990000-0000-7000-8000-000000000001', 'failed', 3, NULL, '2026-11-26 13:02:55.717+00', '"upload-1"', '{"id":"01990000-0000-7000-8000-000000000001","state":"failed","version":3,"operations":[{"name":"swap-channels","order":"bgr"}],"original":{"contentType":"image/png","bytes":1234,"width":40,"height":30,"frames":1,"sha256":"abababababababababababababababababababababababababababababababab"},"urgency":3,"attempts":1,"maxAttempts":3,"claims":1,"createdAt":"2026-11-26T13:02:55.609Z","idempotencyKey":"upload-1","startedAt":"2026-11-26T13:02:55.709Z","error":{"type":"urn:darkroom:problem:undecodable","title":"Undecodable","detail":"the image is cut off after 100 bytes"},"finishedAt":"2026-11-26T13:02:55.717Z"}');
INSERT INTO darkroom.tasks VALUES ('01990000-0000-7000-8000-000000000003', 'in-progress', 3, '2026-11-26 14:02:55.737+00', NULL, NULL, '{"id":"01990000-0000-7000-8000-000000000003","state":"in-progress","version":4,"operations":[{"name":"swap-channels","order":"bgr"}],"original":{"contentType":"image/png","bytes":1234,"width":40,"height":30,"frames":1,"sha256":"abababababababababababababababababababababababababababababababab"},"urgency":3,"attempts":2,"maxAttempts":3,"claims":2,"createdAt":"2026-11-26T13:02:55.661Z","startedAt":"2026-11-26T13:02:55.724Z","lease":{"token":2,"worker":"worker-2","expiresAt":"2026-11-26T14:02:55.737Z","durationMs":3600000}}');

ALTER TABLE ONLY darkroom.commits
    ADD CONSTRAINT commits_pkey PRIMARY KEY (mark);

ALTER TABLE ONLY darkroom.tasks
    ADD CONSTRAINT tasks_pkey PRIMARY KEY (id);

CREATE INDEX tasks_by_end ON darkroom.tasks USING btree (finished_at, id) WHERE (finished_at IS NOT NULL);

CREATE UNIQUE INDEX tasks_by_idempotency_key ON darkroom.tasks USING btree (idempotency_key) WHERE (idempotency_key IS NOT NULL);

CREATE INDEX tasks_by_lease ON darkroom.tasks USING btree (lease_expires_at) WHERE (lease_expires_at IS NOT NULL);

CREATE INDEX tasks_by_state ON darkroom.tasks USING btree (state, id);

CREATE INDEX tasks_by_urgency ON darkroom.tasks USING btree (urgency, id) WHERE (state = 'not-started'::text);

CREATE TRIGGER count_changed AFTER UPDATE ON darkroom.tasks REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION darkroom.count_changed();

CREATE TRIGGER count_created AFTER INSERT ON darkroom.tasks REFERENCING NEW TABLE AS created FOR EACH STATEMENT EXECUTE FUNCTION darkroom.count_created();

CREATE TRIGGER count_deleted AFTER DELETE ON darkroom.tasks REFERENCING OLD TABLE AS deleted FOR EACH STATEMENT EXECUTE FUNCTION darkroom.count_deleted();
