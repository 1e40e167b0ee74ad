//! What is told to the server, without starting it; `tests/servers.rs` starts it.

use super::*;

#[test]
fn a_start_error_is_told_with_its_reasons() {
    let error = cannot("start PostgreSQL")(io::Error::other("no memory"));
    assert_eq!(with_sources(&error), "cannot start PostgreSQL: no memory");
}

#[test]
fn free_ports_are_free() {
    let port = free_port().expect("a port");
    TcpListener::bind(("127.0.0.1", port)).expect("still free");
}
