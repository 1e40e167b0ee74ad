//! The tables of a schema, and whose they are.

use tokio_postgres::types::FromSql;

use crate::{Fault, Mode, Session, Sessions};

/// How often making the tables is tried: another process may be making them.
const TRIES_MAX: u32 = 5;

/// Why a schema cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// The schema holds something else.
    #[error("the schema {schema} holds tables of something else")]
    Foreign {
        /// Which one.
        schema: String,
    },
    /// The schema was written by a newer version of this program.
    #[error("the schema {schema} has the format {found}, and this program reads up to {known}")]
    Newer {
        /// Which one.
        schema: String,
        /// Its format.
        found: i32,
        /// The last format that is known here.
        known: i32,
    },
    /// The server could not be asked, or did not do it.
    #[error("the schema cannot be prepared")]
    Fault(#[from] Fault),
}

/// Makes the tables of a format if there is nothing, and looks at whose they are.
///
/// # Errors
/// When the schema is somebody else's or of a newer format, or the server cannot be asked; then
/// nothing is written.
pub async fn prepare(sessions: &Sessions, format: i32, tables: &str) -> Result<(), SchemaError> {
    let mut tries = 1;
    loop {
        let work = async |session: &Session| {
            prepare_once(session, sessions.schema(), (format, tables)).await
        };
        let begin = Mode::Decide.begin();
        match sessions.run(begin, SchemaError::from, SchemaError::from, work).await {
            // Whoever made them at the same time may have been first.
            Err(SchemaError::Fault(Fault::Server(_))) if tries < TRIES_MAX => tries += 1,
            outcome => return outcome,
        }
    }
}

async fn prepare_once(
    session: &Session,
    schema: &str,
    (known, tables): (i32, &str),
) -> Result<(), SchemaError> {
    let mark = format!("SELECT to_regclass('{schema}.ondol_format') IS NOT NULL");
    let is_known: bool = one(session, &mark).await?;
    if !is_known {
        let others = format!(
            "SELECT EXISTS (SELECT 1 FROM pg_class WHERE relnamespace = to_regnamespace('{schema}'))"
        );
        if one(session, &others).await? {
            return Err(SchemaError::Foreign { schema: schema.to_owned() });
        }
        let mark = format!(
            "CREATE SCHEMA IF NOT EXISTS {schema};
             CREATE TABLE {schema}.ondol_format (format INTEGER NOT NULL PRIMARY KEY);
             INSERT INTO {schema}.ondol_format VALUES ({known});"
        );
        session.run(&format!("{mark}\n{tables}")).await?;
    }
    let format = format!("SELECT max(format) FROM {schema}.ondol_format");
    let found: i32 = one(session, &format).await?;
    if found > known {
        return Err(SchemaError::Newer { schema: schema.to_owned(), found, known });
    }
    Ok(())
}

async fn one<T: for<'a> FromSql<'a>>(session: &Session, text: &str) -> Result<T, Fault> {
    let rows = session.query(text, &[]).await?;
    let row = rows.first().ok_or_else(|| Fault::Damaged("no answer".into()))?;
    Ok(row.try_get(0)?)
}
