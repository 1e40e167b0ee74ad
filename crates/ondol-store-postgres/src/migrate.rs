//! The tables, made and brought up to date by whoever comes first.
//!
//! Each step is one transaction, so it is made whole or not at all. Of several processes that
//! begin at once one makes the step; the others run into what it has made, look again, and go on.

use ondol_store::LogEpoch;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;

use crate::OpenError;
use crate::fault::Fault;
use crate::home;
use crate::rows::get;
use crate::session::Session;
use crate::sql::Statement;

/// The steps, in order: the first makes format 1.
const STEPS: [&str; 1] = [include_str!("schema/v1.sql")];
/// How often we look again when others are at it as well.
const LOOKS_MAX: usize = 20;

/// What is in the schema that could be somebody else's, our own mark first.
const CONTENT: &str = "SELECT kind, name FROM ( \
     SELECT 'table' AS kind, relname::text AS name FROM pg_class \
         WHERE relnamespace = to_regnamespace($1) AND relkind <> 'i' \
     UNION ALL SELECT 'function', proname::text FROM pg_proc \
         WHERE pronamespace = to_regnamespace($1)) found \
     ORDER BY name <> 'ondol_migrations', name LIMIT 1";

/// Brings the schema to the latest format.
pub(crate) async fn migrate(
    session: &Session,
    schema: &str,
    epoch: LogEpoch,
) -> Result<(), OpenError> {
    for _look in 0..LOOKS_MAX {
        let format = format(session, schema).await?;
        let Some(step) = STEPS.get(format) else { return Ok(()) };
        match session.run(&script(schema, format, step, epoch)).await {
            Err(fault) if is_made_by_another(&fault) => session.run("ROLLBACK").await?,
            made => made.map_err(|fault| failed(schema, fault))?,
        }
    }
    Err(failed(schema, "others keep making the same step"))
}

/// Whether there is a log in the schema, of whichever format.
pub(crate) async fn is_made(session: &Session, schema: &str) -> Result<bool, OpenError> {
    Ok(format(session, schema).await? > 0)
}

/// Which format the schema has; none, so 0, if there is nothing in it.
async fn format(session: &Session, schema: &str) -> Result<usize, OpenError> {
    let content = Statement { text: CONTENT.to_owned(), types: vec![Type::TEXT] };
    let found = session.query(&content, &[&schema]).await?;
    let Some(row) = found.first() else { return Ok(0) };
    let read = |column| get::<&str>(row, column).map_err(|error| failed(schema, error));
    let (kind, name) = (read(0)?, read(1)?);
    if (kind, name) != ("table", "ondol_migrations") {
        let (schema, found) = (schema.to_owned(), format!("the {kind} {name}"));
        return Err(OpenError::ForeignSchema { schema, found });
    }
    let text = format!("SELECT coalesce(max(format), 0) FROM {schema}.ondol_migrations");
    let rows = session.query(&Statement { text, types: Vec::new() }, &[]).await;
    let rows = rows.map_err(|fault| failed(schema, fault))?;
    let row = rows.first().ok_or_else(|| failed(schema, "the server answered nothing"))?;
    let found: i32 = get(row, 0).map_err(|error| failed(schema, error))?;
    let known = STEPS.len();
    match usize::try_from(found) {
        Ok(format) if format <= known => Ok(format),
        _ => Err(OpenError::FormatTooNew {
            schema: schema.to_owned(),
            found,
            known: i32::try_from(known).unwrap_or(i32::MAX),
        }),
    }
}

fn script(schema: &str, format: usize, step: &str, epoch: LogEpoch) -> String {
    let begin = if format == 0 {
        format!(
            "CREATE SCHEMA IF NOT EXISTS {schema};\n\
             CREATE TABLE {schema}.ondol_migrations (format integer PRIMARY KEY, \
                 made_at timestamptz NOT NULL DEFAULT now());\n"
        )
    } else {
        format!("LOCK TABLE {schema}.ondol_migrations IN EXCLUSIVE MODE;\n")
    };
    let end = if format == 0 {
        format!(
            "INSERT INTO {schema}.log (id, epoch, home) VALUES (1, '{epoch}', {home});\n\
             INSERT INTO {schema}.epochs (epoch, began_after, home) \
                 SELECT epoch, 0, home FROM {schema}.log;\n",
            home = home::describe(schema)
        )
    } else {
        String::new()
    };
    let step = step.replace("{schema}", schema);
    // The mark is made first: who comes second fails here before it touches anything.
    let mark = format!(
        "INSERT INTO {schema}.ondol_migrations (format) VALUES ({});\n",
        format.saturating_add(1)
    );
    format!("BEGIN;\n{begin}{mark}{step}\n{end}COMMIT")
}

fn is_made_by_another(fault: &Fault) -> bool {
    let Fault::Refused(error) = fault else { return false };
    let made = [
        SqlState::UNIQUE_VIOLATION,
        SqlState::DUPLICATE_SCHEMA,
        SqlState::DUPLICATE_TABLE,
        SqlState::DUPLICATE_OBJECT,
    ];
    error.code().is_some_and(|state| made.contains(state))
}

fn failed(schema: &str, source: impl Into<ondol_store::BoxError>) -> OpenError {
    OpenError::Migration { schema: schema.to_owned(), source: source.into() }
}
