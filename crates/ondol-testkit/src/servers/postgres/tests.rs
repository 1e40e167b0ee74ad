//! What is told to the server, without starting it; `tests/servers.rs` starts it.

use super::*;

#[test]
fn a_start_error_is_told_with_its_reasons() {
    let error = cannot("start PostgreSQL")(io::Error::other("no memory"));
    assert_eq!(with_sources(&error), "cannot start PostgreSQL: no memory");
}
