//! The tables, and whose they are.

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
CREATE TABLE {schema}.ondol_books (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL UNIQUE,
    epoch BYTEA,
    position BIGINT
);
CREATE TABLE {schema}.ondol_timers (
    book BIGINT NOT NULL REFERENCES {schema}.ondol_books (id),
    stream TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    generation BIGINT NOT NULL,
    due BIGINT NOT NULL,
    PRIMARY KEY (book, stream, name)
);
CREATE INDEX ondol_timers_due ON {schema}.ondol_timers (book, due, stream, name);
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
