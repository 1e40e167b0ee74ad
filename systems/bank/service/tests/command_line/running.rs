//! Coming up, or not, and saying why not.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::Stdio;

use super::bank::Bank;
use super::shell::{done, folder, program, run};

#[tokio::test(flavor = "multi_thread")]
async fn a_second_one_on_the_same_folder_is_told_who_holds_it() {
    let bank = Bank::start(&[]).await;
    let listen = ["--set", "http.listen=127.0.0.1:0", "--set", "admin.listen=127.0.0.1:0"];
    let mut second = program(bank.folder(), &listen);
    let told = done(second.arg("up"));
    assert_eq!(told.code, 1, "{told:?}");
    assert!(told.err.contains("error[log-held]"), "{}", told.err);
    let looked = run(bank.folder(), &["log", "stats", "--log", "disk:data/bank.account/log"]);
    assert_eq!(looked.code, 0, "looking at it is allowed: {looked:?}");
    bank.stop().await;
}

#[test]
fn a_port_that_is_taken_is_named() {
    let here = folder();
    let taken = TcpListener::bind("127.0.0.1:0").expect("there is a port");
    let address = taken.local_addr().expect("it has an address").to_string();
    let setting = format!("http.listen={address}");
    let admin = ["--set", "admin.listen=127.0.0.1:0"];
    let told = done(program(here.path(), &["up", "--set", &setting]).args(admin));
    assert_eq!(told.code, 1);
    assert!(told.err.contains("error[app-listen]") && told.err.contains(&address), "{}", told.err);
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let here = folder();
    std::fs::write(here.path().join("data"), "a file").expect("there is room");
    let listen = ["--set", "http.listen=127.0.0.1:0", "--set", "admin.listen=127.0.0.1:0"];
    let told = done(program(here.path(), &["serve", "bank.account"]).args(listen));
    assert_eq!(told.code, 1);
    assert!(told.err.contains("error[app-data-folder]"), "{}", told.err);
}

#[test]
fn whoever_has_read_enough_ends_it_in_peace() {
    let here = folder();
    let mut child = program(here.path(), &["service", "describe"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the bank can be started");
    let mut out = BufReader::new(child.stdout.take().expect("it is piped"));
    out.read_line(&mut String::new()).expect("it is text");
    drop(out);
    let ended = child.wait_with_output().expect("it is our child");
    assert!(ended.status.success() && ended.stderr.is_empty(), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_looked_at_through_the_same_program() {
    let bank = Bank::start(&[]).await;
    let body = serde_json::json!({
        "owner": "0190a000-0000-7000-8000-000000000001", "currency": "KRW",
    });
    assert_eq!(bank.post("/accounts", "open", body).await.status, 201);
    let log = ["--log", "disk:data/bank.account/log", "--output", "json"];
    let told = done(program(bank.folder(), &["log", "tail"]).args(log)).well();
    assert!(told.out.contains("account.opened"), "{}", told.out);
    let nothing = run(bank.folder(), &["log", "tail", "--log", "disk:data/nobody/log"]);
    assert_eq!(nothing.code, 1, "{nothing:?}");
    bank.stop().await;
}
