//! What `up` types.

use super::*;

#[test]
fn what_is_built_is_what_is_run() {
    let build = build().to_string();
    let start = start(&["--port".to_owned(), "8080".to_owned()]).to_string();
    let target = build.strip_prefix("cargo build --release ").expect("a release build");
    assert!(start.starts_with(&format!("cargo run --quiet --release {target} -- ")), "{start}");
    assert!(start.ends_with("--port 8080"), "{start}");
}
