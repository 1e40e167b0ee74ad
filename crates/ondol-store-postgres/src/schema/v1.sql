-- One row: the log. Who holds it locked draws positions; everybody else waits for the commit.
-- It is locked and never updated, so it grows no dead versions, however long somebody else's
-- transaction stays open.
CREATE TABLE {schema}.log (
    id smallint PRIMARY KEY CHECK (id = 1),
    -- Which life of the log this is, and where it lived when that was written down.
    epoch uuid NOT NULL,
    home text NOT NULL
);

-- Every life the log has had, and after which position it began.
CREATE TABLE {schema}.epochs (
    epoch uuid PRIMARY KEY,
    began_after bigint NOT NULL,
    home text NOT NULL,
    began_at timestamptz NOT NULL DEFAULT now()
);

-- The names of streams. Ids are drawn under the lock of the log.
CREATE TABLE {schema}.streams (
    id bigint PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE
);

-- The events. A command and how many events it has stand with the first of them.
CREATE TABLE {schema}.events (
    position bigint PRIMARY KEY,
    stream bigint NOT NULL,
    version bigint NOT NULL,
    schema_version bigint NOT NULL,
    command_events integer,
    id uuid NOT NULL,
    command uuid,
    event_type text COLLATE "C" NOT NULL,
    content_type text COLLATE "C",
    metadata json NOT NULL,
    data bytea NOT NULL
);
CREATE UNIQUE INDEX events_by_stream ON {schema}.events (stream, version);
CREATE UNIQUE INDEX events_by_command ON {schema}.events (command) WHERE command IS NOT NULL;

-- What events are found by besides their stream. The type is here so that a condition is
-- answered from this table alone.
CREATE TABLE {schema}.tags (
    tag text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    event_type text COLLATE "C" NOT NULL,
    PRIMARY KEY (tag, position)
);

-- The last groups that were committed, by the position of their first event: when a connection
-- is lost during a commit, what is here says what came of it.
CREATE TABLE {schema}.groups (
    first bigint PRIMARY KEY,
    id uuid NOT NULL
);

-- Shortcuts to the states of streams. They can be thrown away at any time.
CREATE TABLE {schema}.snapshots (
    stream text COLLATE "C" NOT NULL,
    fold bigint NOT NULL,
    version bigint NOT NULL,
    state bytea NOT NULL,
    PRIMARY KEY (stream, fold)
);
