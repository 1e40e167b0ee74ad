//! The tables, and whose they are.

use ondol_postgres::{SchemaError, Sessions};

/// The format of the tables.
const FORMAT: i32 = 1;

fn tables(schema: &str) -> String {
    format!(
        r#"
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
pub(crate) async fn prepare(sessions: &Sessions) -> Result<(), SchemaError> {
    ondol_postgres::prepare(sessions, FORMAT, &tables(sessions.schema())).await
}
