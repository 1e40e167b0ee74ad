//! The tables, and whose they are.

use crate::OpenError;
use crate::error::Fault;
use crate::session::{Session, Sessions};

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
CREATE TABLE {schema}.ondol_leases (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    holder UUID NOT NULL,
    epoch BIGINT NOT NULL,
    until TIMESTAMPTZ NOT NULL,
    -- The epoch is part of a key, so that raising it waits for all who hold the key for sharing,
    -- and moving the end of the term does not.
    UNIQUE (name, epoch)
);
"#
    )
}

/// Makes the tables if there are none, and looks at whose they are.
pub(crate) async fn prepare(sessions: &Sessions, schema: &str) -> Result<(), OpenError> {
    let mut tries = 1;
    loop {
        let work = async |session: &Session| prepare_once(session, schema).await;
        let outcome = sessions.run(OpenError::from, OpenError::from, work).await;
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
