//! The tables: of fixed names for what is known of all views, of their own for each set of
//! documents, so that a set is thrown away at once and takes nothing with it.

use ondol_postgres::{Fault, SchemaError, Session, Sessions};

/// The format of the tables.
const FORMAT: i32 = 1;

fn tables(schema: &str) -> String {
    format!(
        r#"
CREATE TABLE {schema}.ondol_views (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    build BIGINT NOT NULL,
    indexes TEXT NOT NULL,
    fold BIGINT NOT NULL,
    made BIGINT NOT NULL,
    documents BIGINT NOT NULL DEFAULT 0,
    UNIQUE (name, version, build)
);
CREATE TABLE {schema}.ondol_serving (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    view BIGINT NOT NULL REFERENCES {schema}.ondol_views (id)
);
CREATE TABLE {schema}.ondol_checkpoints (
    view BIGINT NOT NULL REFERENCES {schema}.ondol_views (id),
    source TEXT COLLATE "C" NOT NULL,
    epoch BYTEA NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (view, source)
);
CREATE TABLE {schema}.ondol_parked (
    view BIGINT NOT NULL REFERENCES {schema}.ondol_views (id),
    unit TEXT COLLATE "C" NOT NULL,
    source TEXT NOT NULL,
    position BIGINT NOT NULL,
    reason TEXT NOT NULL,
    tries BIGINT NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (view, unit)
);
CREATE TABLE {schema}.ondol_waiting (
    view BIGINT NOT NULL,
    unit TEXT COLLATE "C" NOT NULL,
    sequence BIGINT NOT NULL,
    source TEXT NOT NULL,
    position BIGINT NOT NULL,
    and_all_after BOOLEAN NOT NULL,
    PRIMARY KEY (view, unit, sequence)
);
"#
    )
}

/// Makes the tables if there are none, and looks at whose they are.
pub(crate) async fn prepare(sessions: &Sessions) -> Result<(), SchemaError> {
    ondol_postgres::prepare(sessions, FORMAT, &tables(sessions.schema())).await
}

/// The tables of one set of documents.
pub(crate) async fn make_documents(
    session: &Session,
    schema: &str,
    table: i64,
) -> Result<(), Fault> {
    let text = format!(
        r#"
CREATE TABLE {schema}.documents_{table} (
    key TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    json TEXT NOT NULL,
    entries BYTEA NOT NULL,
    source TEXT NOT NULL,
    position BIGINT NOT NULL
) WITH (fillfactor = 70);
CREATE TABLE {schema}.entries_{table} (
    place SMALLINT NOT NULL,
    value BYTEA NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (place, value, key)
);
"#
    );
    session.run(&text).await
}

/// Throws one set of documents away.
pub(crate) async fn drop_documents(
    session: &Session,
    schema: &str,
    table: i64,
) -> Result<(), Fault> {
    let text = format!(
        "DROP TABLE {schema}.documents_{table};
         DROP TABLE {schema}.entries_{table};
         DELETE FROM {schema}.ondol_waiting WHERE view = {table};
         DELETE FROM {schema}.ondol_parked WHERE view = {table};
         DELETE FROM {schema}.ondol_checkpoints WHERE view = {table};
         DELETE FROM {schema}.ondol_views WHERE id = {table};"
    );
    session.run(&text).await
}
