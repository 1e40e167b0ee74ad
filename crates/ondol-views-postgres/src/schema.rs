//! The tables: of fixed names for what is known of all views, of their own for each set of
//! documents, so that a set is thrown away at once and takes nothing with it.

use crate::OpenError;
use crate::error::Fault;
use crate::session::{Mode, Session, Sessions};

/// The format of the tables.
const FORMAT: i32 = 1;
/// How often making the tables is tried: another process may be making them.
const TRIES_MAX: u32 = 5;

fn tables(schema: &str) -> String {
    format!(
        r#"
CREATE SCHEMA IF NOT EXISTS {schema};
CREATE TABLE {schema}.ondol_format (format INTEGER NOT NULL PRIMARY KEY);
INSERT INTO {schema}.ondol_format VALUES ({FORMAT});
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
pub(crate) async fn prepare(sessions: &Sessions, schema: &str) -> Result<(), OpenError> {
    let mut tries = 1;
    loop {
        let work = async |session: &Session| prepare_once(session, schema).await;
        let outcome = sessions.run(Mode::Decide, OpenError::from, OpenError::from, work).await;
        match outcome {
            // Whoever made them at the same time may have been first.
            Err(OpenError::Unavailable(_)) if tries < TRIES_MAX => tries += 1,
            outcome => return outcome,
        }
    }
}

async fn prepare_once(session: &Session, schema: &str) -> Result<(), OpenError> {
    let known = format!("SELECT to_regclass('{schema}.ondol_format') IS NOT NULL");
    let is_known: bool = one(session, &known).await?;
    if !is_known {
        let others = format!(
            "SELECT EXISTS (SELECT 1 FROM pg_class WHERE relnamespace = to_regnamespace('{schema}'))"
        );
        if one(session, &others).await? {
            return Err(OpenError::Foreign { schema: schema.to_owned() });
        }
        session.client.batch_execute(&tables(schema)).await.map_err(Fault::from)?;
    }
    let format = format!("SELECT max(format) FROM {schema}.ondol_format");
    let found: i32 = one(session, &format).await?;
    if found > FORMAT {
        return Err(OpenError::Newer { schema: schema.to_owned(), found, known: FORMAT });
    }
    Ok(())
}

async fn one<T: for<'a> tokio_postgres::types::FromSql<'a>>(
    session: &Session,
    text: &str,
) -> Result<T, Fault> {
    let rows = session.query(text, &[]).await?;
    let row = rows.first().ok_or_else(|| Fault::Damaged("no answer".into()))?;
    Ok(row.try_get(0)?)
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
    Ok(session.client.batch_execute(&text).await?)
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
    Ok(session.client.batch_execute(&text).await?)
}
