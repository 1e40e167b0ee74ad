//! The tables, and whose they are.

use ondol_postgres::{SchemaError, Sessions};

/// The format of the tables.
const FORMAT: i32 = 1;

fn tables(schema: &str) -> String {
    format!(
        r#"
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
pub(crate) async fn prepare(sessions: &Sessions) -> Result<(), SchemaError> {
    ondol_postgres::prepare(sessions, FORMAT, &tables(sessions.schema())).await
}
