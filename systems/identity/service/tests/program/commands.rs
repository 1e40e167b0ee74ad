//! What the program does besides running: its audit log verified, its master key replaced, the
//! configuration that comes with it checked.

use std::path::Path;

use serde_json::Value;

use crate::provider::Program;
use crate::visitor::{PASSWORD, Visitor};

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_log_is_verified_while_it_is_written_and_a_forged_record_is_named() {
    let mut program = Program::start().await;
    let mut visitor = Visitor::registered(&program, "kim@example.kr").await;
    visitor.go("/account").await;
    let verify = ["audit", "verify", "--output", "json"];
    let (ok, told, said) = program.told(&verify).await;
    assert!(ok, "{said}");
    let found: Value = serde_json::from_str(&told).expect("JSON");
    assert!(found["records"].as_u64() >= Some(3), "registered, verified, signed in: {told}");
    program.stop().await;
    let (ok, told, said) = program.told(&["audit", "verify"]).await;
    assert!(ok && told.contains("records") && told.contains("anchors"), "{told} {said}");
    let file = program.data().join("audit/audit.log");
    let mut bytes = std::fs::read(&file).expect("it is ours");
    let second = 4 + u32::from_be_bytes(bytes[..4].try_into().expect("four")) as usize + 32;
    bytes[second + 20] ^= 1;
    std::fs::write(&file, bytes).expect("it is ours");
    let (ok, _, said) = program.told(&verify).await;
    let told: Value = serde_json::from_str(&said).expect("JSON");
    assert!(!ok && told["error"] == "audit-wrong", "{said}");
    assert!(told["message"].as_str().unwrap_or_default().contains("record 2"), "{said}");
    let said = program.begin().await.expect_err("nothing is added to what is wrong");
    assert!(said.iter().any(|line| line.contains("audit log")), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_master_key_is_replaced_while_nobody_uses_it_and_everybody_is_known_still() {
    let mut program = Program::start().await;
    let master = program.data().join("secrets/master.key");
    let old = std::fs::read_to_string(&master).expect("it is ours");
    drop(Visitor::registered(&program, "kim@example.kr").await);
    let (ok, _, said) = program.told(&["vault", "rotate"]).await;
    assert!(!ok && said.contains("audit-held"), "not while it runs: {said}");
    assert_eq!(std::fs::read_to_string(&master).expect("it is ours"), old);
    program.stop().await;
    let (ok, told, said) = program.told(&["vault", "rotate", "--output", "json"]).await;
    assert!(ok && told.contains("\"generation\":2"), "{told} {said}");
    let new = std::fs::read_to_string(&master).expect("it is ours");
    assert!(new.starts_with("2 ") && new.lines().count() == 1, "the old one is gone");
    program.begin().await.expect("it comes up");
    let mut visitor = Visitor::known(&program, "kim@example.kr", Default::default());
    let page = visitor.get("/account").await;
    let filled = [("email", "kim@example.kr"), ("password", PASSWORD)];
    assert_eq!(visitor.send(&page, "/sign-in", &filled).await.status, 303);
    assert!(visitor.get("/account").await.text.contains("kim@example.kr"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_configuration_that_comes_with_it_is_sound() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ondol.toml");
    let file = file.to_str().expect("text");
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_identity"));
    command.args(["config", "check", "--config", file]).current_dir(folder.path()).env_clear();
    let done = command.output().await.expect("it can be started");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let text = std::fs::read_to_string(file).expect("it comes with it");
    for client in ["web", "mobile", "atm", "partner"] {
        assert!(text.contains(&format!("id = \"{client}\"")), "{client}");
    }
}
