//! Everything that is said to the server in the course of a day.
//!
//! Every name is qualified, every parameter has its type, and nothing relies on a setting of the
//! session: any statement may run on any connection. Lists come in as arrays, so that a
//! statement is the same for one append and for thousands.

use std::time::Duration;

use tokio_postgres::types::Type;

/// A statement and the types of its parameters.
#[derive(Debug)]
pub(crate) struct Statement {
    pub(crate) text: String,
    pub(crate) types: Vec<Type>,
}

/// The statements of one log.
#[derive(Debug)]
pub(crate) struct Sql {
    /// Takes the lock of the log; the transaction begins with it.
    pub(crate) lock: String,
    /// How the log and the server stand.
    pub(crate) state: Statement,
    /// The last versions of events that were written after a position.
    pub(crate) written_since: Statement,
    /// The ids and last versions of streams.
    pub(crate) streams: Statement,
    /// What came of commands.
    pub(crate) outcomes: Statement,
    /// For each condition, the first event that breaks it.
    pub(crate) conditions: Statement,
    /// Writes a group.
    pub(crate) write: Statement,
    /// Forgets old groups.
    pub(crate) forget: Statement,
    /// Whether a group was committed.
    pub(crate) group: Statement,
    /// The epoch and the end of the log.
    pub(crate) head: Statement,
    /// A stream, forward and backward.
    pub(crate) forward: Statement,
    pub(crate) backward: Statement,
    /// The names of streams by their ids.
    pub(crate) names: Statement,
    /// The log: all of it, by type and kind, by tag.
    pub(crate) all: Statement,
    pub(crate) filtered: Statement,
    pub(crate) tagged: Statement,
    /// Snapshots.
    pub(crate) save_snapshot: Statement,
    pub(crate) load_snapshot: Statement,
}

/// What stands between the parts of a list that is written as one text. Names hold no control
/// characters.
pub(crate) const SEPARATOR: char = '\u{1f}';

impl Sql {
    pub(crate) fn new(schema: &str, transaction_timeout: Duration) -> Self {
        let make = |text: &str, types: &[Type]| Statement {
            text: text
                .replace("{envelope}", ENVELOPE)
                .replace("{name}", NAME)
                .replace("{s}", schema),
            types: types.to_vec(),
        };
        Self {
            lock: lock(schema, transaction_timeout),
            state: make(STATE, &[]),
            written_since: make(WRITTEN_SINCE, &[Type::INT8]),
            streams: make(STREAMS, &[Type::TEXT_ARRAY]),
            outcomes: make(OUTCOMES, &[Type::UUID_ARRAY]),
            conditions: make(CONDITIONS, &[Type::TEXT_ARRAY, Type::TEXT_ARRAY, Type::INT8_ARRAY]),
            write: make(WRITE, &WRITE_TYPES),
            forget: make("DELETE FROM {s}.groups WHERE first < $1", &[Type::INT8]),
            group: make(GROUP, &[Type::INT8]),
            head: make(HEAD, &[]),
            forward: make(&stream_page(">=", ""), &STREAM_TYPES),
            backward: make(&stream_page("<=", "DESC"), &STREAM_TYPES),
            names: make(NAMES, &[Type::INT8_ARRAY]),
            all: make(&page(ALL, "position"), &[Type::INT8, Type::INT8, Type::INT8]),
            filtered: make(&page(FILTERED, "position"), &FILTERED_TYPES),
            tagged: make(&page(TAGGED, "position"), &TAGGED_TYPES),
            save_snapshot: make(SAVE_SNAPSHOT, &[Type::TEXT, Type::INT8, Type::INT8, Type::BYTEA]),
            load_snapshot: make(LOAD_SNAPSHOT, &[Type::TEXT, Type::INT8]),
        }
    }

    /// What the writer needs at hand.
    pub(crate) fn of_writer(&self) -> [&Statement; 7] {
        [
            &self.state,
            &self.written_since,
            &self.streams,
            &self.outcomes,
            &self.conditions,
            &self.write,
            &self.forget,
        ]
    }
}

/// Tables are looked up by their indexes even when they have just grown and the server does not
/// know how large they are; and nothing we ask is worth compiling.
const PLANNER_LOCAL: &str = "SET LOCAL enable_seqscan = off;\nSET LOCAL jit = off;\n";

/// The same for a connection that is ours alone.
pub(crate) const PLANNER: &str = "SET enable_seqscan = off;\nSET jit = off";

/// What is set holds for this transaction only. Writers wait for each other here; who holds the
/// lock and falls silent loses it, and its transaction with it.
fn lock(schema: &str, timeout: Duration) -> String {
    let millis = timeout.as_millis();
    format!(
        "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;\n\
         SET LOCAL synchronous_commit = '{{synchronous_commit}}';\n\
         SET LOCAL statement_timeout = {millis};\n\
         SET LOCAL idle_in_transaction_session_timeout = {millis};\n\
         {PLANNER_LOCAL}\
         SELECT 1 FROM {schema}.log WHERE id = 1 FOR NO KEY UPDATE"
    )
}

/// Asked in a statement of its own after the lock: what a statement sees is fixed before it
/// waits for a lock.
const STATE: &str = "SELECT coalesce((SELECT max(position) FROM {s}.events), 0), \
     coalesce((SELECT max(id) FROM {s}.streams), 0), epoch, \
     current_setting('fsync'), current_setting('full_page_writes'), \
     current_setting('synchronous_commit') FROM {s}.log WHERE id = 1";

const WRITTEN_SINCE: &str = "SELECT {name}, e.stream, e.version FROM {s}.events e WHERE e.position > $1 ORDER BY e.position LIMIT 10001";

const STREAMS: &str = "SELECT asked.name, s.id, coalesce((SELECT e.version FROM {s}.events e \
     WHERE e.stream = s.id ORDER BY e.version DESC LIMIT 1), 0) \
     FROM unnest($1) asked(name), \
     LATERAL (SELECT id FROM {s}.streams WHERE name = asked.name LIMIT 1) s";

const OUTCOMES: &str = "SELECT {envelope}, e.command, e.command_events \
     FROM unnest($1) asked(command), \
     LATERAL (SELECT * FROM {s}.events WHERE command = asked.command LIMIT 1) e";

const CONDITIONS: &str = "SELECT asked.at, broken.position \
     FROM unnest($1, $2, $3) WITH ORDINALITY asked(tags, types, after, at), \
     LATERAL (SELECT t.position FROM {s}.tags t \
         WHERE t.tag = split_part(asked.tags, E'\\x1f', 1) AND t.position > asked.after \
         AND (asked.types = '' OR t.event_type = ANY (string_to_array(asked.types, E'\\x1f'))) \
         AND NOT EXISTS (SELECT FROM unnest(string_to_array(asked.tags, E'\\x1f')) further(tag) \
             WHERE NOT EXISTS (SELECT FROM {s}.tags o \
                 WHERE o.tag = further.tag AND o.position = t.position)) \
         ORDER BY t.position LIMIT 1) broken";

/// One statement, so that either all of a group is sent to the server or nothing.
const WRITE: &str = "WITH new_streams AS (INSERT INTO {s}.streams (id, name) \
         SELECT * FROM unnest($1, $2)), \
     new_events AS (INSERT INTO {s}.events (position, stream, version, schema_version, \
         command_events, id, command, event_type, content_type, metadata, data) \
         SELECT position, stream, version, schema_version, command_events, id, command, \
             event_type, content_type, metadata::json, data \
         FROM unnest($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) new(position, stream, \
             version, schema_version, command_events, id, command, event_type, content_type, \
             metadata, data)), \
     new_tags AS (INSERT INTO {s}.tags (tag, position, event_type) \
         SELECT * FROM unnest($14, $15, $16)) \
     INSERT INTO {s}.groups (first, id) VALUES ($17, $18)";

const WRITE_TYPES: [Type; 18] = [
    Type::INT8_ARRAY,
    Type::TEXT_ARRAY,
    Type::INT8_ARRAY,
    Type::INT8_ARRAY,
    Type::INT8_ARRAY,
    Type::INT8_ARRAY,
    Type::INT4_ARRAY,
    Type::UUID_ARRAY,
    Type::UUID_ARRAY,
    Type::TEXT_ARRAY,
    Type::TEXT_ARRAY,
    Type::TEXT_ARRAY,
    Type::BYTEA_ARRAY,
    Type::TEXT_ARRAY,
    Type::INT8_ARRAY,
    Type::TEXT_ARRAY,
    Type::INT8,
    Type::UUID,
];

const GROUP: &str = "SELECT (SELECT id FROM {s}.groups WHERE first = $1), \
     (SELECT min(first) FROM {s}.groups)";

const HEAD: &str = "SELECT coalesce((SELECT max(position) FROM {s}.events), 0), epoch \
     FROM {s}.log WHERE id = 1";

/// What [`crate::rows::envelope`] reads, from events called `e`.
const ENVELOPE: &str = "e.position, {name}, e.version, e.id, e.event_type, \
     e.schema_version, e.content_type, e.metadata::text, e.data";

/// The name of the stream of an event called `e`.
const NAME: &str = "(SELECT s.name FROM {s}.streams s WHERE s.id = e.stream)";

const NAMES: &str = "SELECT id, name FROM {s}.streams WHERE id = ANY ($1)";

/// A page of events, with the ids of their streams: up to a number of bytes (`$1`), and the one
/// that goes over it.
fn page(events: &str, order: &str) -> String {
    let envelope = ENVELOPE.replace("{name}", "e.stream");
    format!(
        "SELECT {envelope} FROM (SELECT e.*, sum(octet_length(e.data)) \
         OVER (ORDER BY e.{order} ROWS UNBOUNDED PRECEDING) AS bytes \
         FROM ({events} ORDER BY {order} LIMIT $2) e) e \
         WHERE e.bytes - octet_length(e.data) <= $1 ORDER BY e.{order}"
    )
}

fn stream_page(from: &str, direction: &str) -> String {
    let events = format!(
        "SELECT * FROM {{s}}.events WHERE version {from} $4 \
         AND stream = (SELECT id FROM {{s}}.streams WHERE name = $3)"
    );
    page(&events, &format!("version {direction}"))
}

const STREAM_TYPES: [Type; 4] = [Type::INT8, Type::INT8, Type::TEXT, Type::INT8];

const ALL: &str = "SELECT * FROM {s}.events WHERE position > $3";

const FILTERED: &str = "SELECT * FROM {s}.events e WHERE position > $3 AND position <= $4 \
     AND (cardinality($5) = 0 OR event_type = ANY ($5)) \
     AND (cardinality($6) = 0 OR split_part({name}, ':', 1) = ANY ($6))";

const FILTERED_TYPES: [Type; 6] =
    [Type::INT8, Type::INT8, Type::INT8, Type::INT8, Type::TEXT_ARRAY, Type::TEXT_ARRAY];

const TAGGED: &str = "SELECT e.* FROM {s}.tags t, \
     LATERAL (SELECT * FROM {s}.events WHERE position = t.position LIMIT 1) e \
     WHERE t.tag = ($7)[1] AND t.position > $3 AND t.position <= $4 \
     AND (cardinality($5) = 0 OR t.event_type = ANY ($5)) \
     AND (cardinality($6) = 0 OR split_part({name}, ':', 1) = ANY ($6)) \
     AND NOT EXISTS (SELECT FROM unnest($7) further(tag) \
         WHERE NOT EXISTS (SELECT FROM {s}.tags o \
             WHERE o.tag = further.tag AND o.position = t.position))";

const TAGGED_TYPES: [Type; 7] = [
    Type::INT8,
    Type::INT8,
    Type::INT8,
    Type::INT8,
    Type::TEXT_ARRAY,
    Type::TEXT_ARRAY,
    Type::TEXT_ARRAY,
];

const SAVE_SNAPSHOT: &str = "INSERT INTO {s}.snapshots (stream, fold, version, state) \
     VALUES ($1, $2, $3, $4) ON CONFLICT (stream, fold) \
     DO UPDATE SET version = excluded.version, state = excluded.state";

const LOAD_SNAPSHOT: &str =
    "SELECT version, state FROM {s}.snapshots WHERE stream = $1 AND fold = $2";
