//! Clients that know nothing of us but the standards, unchanged: `openid-client` on Node.js and
//! Authlib in Python. They say where a person is to go; here he goes.

use std::process::Stdio;
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::Command;

use crate::provider::{BACK, BYE, Program};
use crate::visitor::Visitor;

/// How long a client may take with everything, on a busy machine.
const WITHIN: Duration = Duration::from_secs(240);

/// What a client is seen to have done.
const DONE: [&str; 12] = [
    "discovery",
    "code with PKCE",
    "userinfo",
    "refresh",
    "a replaced refresh token",
    "revocation",
    "client credentials",
    "introspection",
    "device flow",
    "a forged answer",
    "logout",
    "after logout",
];

async fn runs(program: &Program, mut client: Command, more: &[&str]) {
    let settings = json!({
        "issuer": program.issuer, "back": BACK, "bye": BYE,
        "web": ["web", "secret of web"], "atm": ["atm", "secret of atm"], "mobile": "mobile",
        "email": "kim@example.kr", "mobile_back": "http://127.0.0.1:7777/back",
    });
    let mut visitor = Visitor::registered(program, "kim@example.kr").await;
    client.arg(settings.to_string()).kill_on_drop(true);
    client.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child =
        client.spawn().expect("it is there: `cargo xtask test --only needs` installs it");
    let mut tell = child.stdin.take().expect("it is piped");
    let mut told = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    let mut done = Vec::new();
    while let Some(line) = told.next_line().await.expect("it is text") {
        if let Some(address) = line.strip_prefix("go ") {
            let sent = visitor.go(address).await.replace('\n', " ");
            tell.write_all(format!("{sent}\n").as_bytes()).await.expect("it listens");
        } else if line == "stronger" {
            visitor.enrol().await;
            tell.write_all(b"done\n").await.expect("it listens");
        } else if let Some(what) = line.strip_prefix("ok ") {
            done.push(what.to_owned());
        }
    }
    let ended = child.wait_with_output().await.expect("it ends");
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(ended.status.success(), "after {done:?}: {said}");
    for what in DONE.iter().chain(more) {
        assert!(done.iter().any(|done| done == what), "{what} is missing: {done:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn openid_client_does_all_of_it_unchanged() {
    let program = Program::start().await;
    let mut client = Command::new("node");
    client.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/openid-client.mjs"));
    let more = ["PAR", "step-up"];
    tokio::time::timeout(WITHIN, runs(&program, client, &more)).await.expect("in time");
}

#[tokio::test(flavor = "multi_thread")]
async fn authlib_does_all_of_it_unchanged() {
    let program = Program::start().await;
    let mut client = Command::new("/usr/bin/python3");
    client.env("AUTHLIB_INSECURE_TRANSPORT", "1").env("NO_PROXY", "127.0.0.1");
    client.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/authlib_client.py"));
    tokio::time::timeout(WITHIN, runs(&program, client, &["at_hash"])).await.expect("in time");
}
