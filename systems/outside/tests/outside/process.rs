//! The program: set from the command line, killed and started again.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use super::town::{Asker, payment};

fn outside() -> Command {
    Command::new(env!("CARGO_BIN_EXE_outside"))
}

async fn run(folder: &Path) -> (Child, Asker) {
    let mut command = outside();
    command.args(["run", "--listen", "127.0.0.1:0", "--data"]).arg(folder);
    command.stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().expect("it can be started");
    let mut told = BufReader::new(child.stderr.take().expect("it is piped")).lines();
    while let Some(line) = told.next_line().await.expect("it is text") {
        let value: Value = serde_json::from_str(&line).unwrap_or_default();
        if value["message"] == "listening" {
            let address: SocketAddr =
                value["http"].as_str().expect("text").parse().expect("an address");
            return (child, Asker::at(address));
        }
    }
    unreachable!("it has ended before it listened");
}

async fn says(arguments: &[&str]) -> Output {
    outside().args(arguments).output().await.expect("it can be started")
}

#[tokio::test]
async fn what_was_answered_before_it_was_killed_is_answered_alike_after() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut child, client) = run(folder.path()).await;
    let made = client.post("/payment/payments", "k", payment("o", 10)).await;
    let path = format!("/payment/payments/{}", made.id());
    client.post(&format!("{path}/capture"), "k2", json!({})).await;
    child.kill().await.expect("it can be killed");
    // As if it had been killed in the middle of a line.
    let journal = folder.path().join("payment.journal");
    let mut text = std::fs::read(&journal).expect("it is there");
    text.extend_from_slice(br#"{"kept":{"key":"half"#);
    std::fs::write(&journal, text).expect("it can be written");

    let (mut child, client) = run(folder.path()).await;
    let again = client.post("/payment/payments", "k", payment("o", 10)).await;
    assert_eq!((&again.body, again.is_replayed()), (&made.body, true));
    assert_eq!(client.get(&path).await.body["status"], "captured");
    let half = client.post("/payment/payments", "half", payment("o3", 10)).await;
    assert_eq!((half.status, half.is_replayed()), (201, false));
    child.kill().await.expect("it can be killed");

    let text = std::fs::read_to_string(&journal).expect("it is there");
    let broken = text.replacen("{\"kept\"", "{\"kept", 1);
    std::fs::write(&journal, broken).expect("it can be written");
    let mut command = outside();
    command.args(["run", "--listen", "127.0.0.1:0", "--data"]).arg(folder.path());
    let refused = command.output().await.expect("it can be started");
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("line 1 of the journal"), "{said}");
}

#[tokio::test]
async fn behaviour_is_set_shown_and_mended_from_the_command_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_child, client) = run(folder.path()).await;
    let at = client.url.clone();
    let set = ["set", "payment", "--errors-percent", "30", "--is-out", "true", "--at", &at];
    let set = says(&set).await;
    assert!(set.status.success(), "{set:?}");
    assert_eq!(client.get("/payment/payments").await.status, 503);
    let shown = says(&["show", "payment", "--at", &at]).await;
    let shown: Value = serde_json::from_slice(&shown.stdout).expect("JSON");
    assert_eq!(shown["behaviour"]["errors_percent"], 30);
    assert_eq!(shown["counts"]["failed"], 1);
    let all = says(&["show", "--at", &at]).await;
    let all: Value = serde_json::from_slice(&all.stdout).expect("JSON");
    assert_eq!(all["insurer"]["behaviour"]["is_out"], false);
    assert!(says(&["mend", "payment", "--at", &at]).await.status.success());
    assert_eq!(client.get("/payment/payments").await.status, 200);
    let wrong = says(&["set", "payment", "--lost-percent", "200", "--at", &at]).await;
    let said = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert!(!wrong.status.success() && said.contains("at most 100, found 200"), "{said}");
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "a secret that is long enough\n").expect("it can be written");
    let secret = secret.to_str().expect("a path");
    let hook = |url: &'static str| {
        let at = at.clone();
        async move { says(&["hook", "payment", url, "--secret-file", secret, "--at", &at]).await }
    };
    assert!(hook("http://127.0.0.1:9/x").await.status.success());
    assert!(!hook("http://example.com/").await.status.success());
}

#[tokio::test]
async fn it_does_not_listen_where_others_could_change_it() {
    let refused = says(&["run", "--listen", "0.0.0.0:0"]).await;
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("from elsewhere"), "{said}");
    let nobody = says(&["show", "--at", "http://127.0.0.1:1"]).await;
    assert!(!nobody.status.success());
}
