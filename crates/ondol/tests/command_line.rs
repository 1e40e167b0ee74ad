//! The binary itself, on a real disk and a real PostgreSQL.

#[path = "command_line/place.rs"]
mod place;

use std::io::{BufRead, BufReader};
use std::process::{Output, Stdio};

use ondol_store::{Append, Expected};
use ondol_testkit::servers::{Authority, Postgres};

use self::place::{Place, all, append_some, assert_same, json, ondol, opened};

fn succeeds(arguments: &[&str]) -> String {
    let done = ondol(arguments).output().expect("the binary starts");
    let (out, err) = (text(&done.stdout), text(&done.stderr));
    assert!(done.status.success(), "{arguments:?}: {out}{err}");
    assert_eq!(err, "", "{arguments:?} has nothing to complain about");
    out
}

/// Runs what must fail, and checks that it says why in both forms.
fn fails(arguments: &[&str], code: &str) -> String {
    let done = ondol(arguments).output().expect("the binary starts");
    let told = text(&done.stderr);
    assert_eq!(done.status.code(), Some(1), "{arguments:?}: {told}");
    assert!(told.starts_with(&format!("error[{code}]: ")), "{arguments:?}: {told}");
    assert!(told.ends_with(&format!("read on: docs/errors/{code}.md\n")), "{told}");
    let done: Output =
        ondol(arguments).args(["--output", "json"]).output().expect("the binary starts");
    assert_eq!(json(&text(&done.stderr))["error"], code);
    told
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("answers are text")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_on_a_disk_is_looked_at() {
    let place = Place::on_disk();
    append_some(&place, 30).await;
    let log = place.address();
    let tail = succeeds(&["log", "tail", "--log", log]);
    assert_eq!(tail.lines().count(), 11, "{tail}");
    let wanted = succeeds(&["log", "tail", "--log", log, "--tag", "even", "--output", "json"]);
    assert!(wanted.lines().all(|line| json(line)["tags"] == "even"), "{wanted}");
    assert_eq!(wanted.lines().count(), 14);
    let stream =
        succeeds(&["log", "show", "--log", log, "account:1", "--backward", "--limit", "2"]);
    assert_eq!(stream.lines().count(), 3, "{stream}");
    let stats = json(&succeeds(&["log", "stats", "--log", log, "--output", "json"]));
    let events = all(&place).await.len();
    assert_eq!((&stats["head"], &stats["events"]), (&events.into(), &events.into()));
    let verified = succeeds(&["log", "verify", "--log", log]);
    assert!(
        verified.starts_with(&format!("{events} events are as they were written")),
        "{verified}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_in_postgres_is_looked_at() {
    let place = Place::in_postgres();
    append_some(&place, 10).await;
    let log = place.address();
    let shown = succeeds(&["log", "show", "--log", log, "account:1", "--output", "json"]);
    assert!(shown.lines().all(|line| json(line)["subject"] == "account:1"), "{shown}");
    let stats = succeeds(&["log", "stats", "--log", log]);
    assert!(stats.contains("account.deposited"), "{stats}");
    assert!(!stats.contains("password"), "{stats}");
    succeeds(&["log", "verify", "--log", log]);
    fails(&["log", "repair", "--log", log, "--cut-at", "3"], "log-not-mended");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_moves_from_a_disk_to_postgres_and_back() {
    let (from, to, back) = (Place::on_disk(), Place::in_postgres(), Place::on_disk());
    append_some(&from, 700).await;
    succeeds(&["log", "copy", from.address(), to.address()]);
    succeeds(&["log", "copy", to.address(), back.address()]);
    assert_same(&from, &to).await;
    assert_same(&from, &back).await;
    append_some(&from, 50).await;
    let told = succeeds(&["log", "copy", from.address(), to.address()]);
    assert!(told.starts_with("copied ") && !told.starts_with("copied 0 "), "{told}");
    succeeds(&["log", "copy", to.address(), back.address()]);
    assert_same(&from, &to).await;
    assert_same(&from, &back).await;
    let epoch = async |place: &Place| opened(place).await.head().await.expect("it is read").epoch;
    assert_ne!(epoch(&from).await, epoch(&to).await);
    assert_ne!(epoch(&from).await, epoch(&back).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_copied_to_a_server_over_tls_that_is_vouched_for_and_to_no_other() {
    let authority = Authority::new();
    let identity = authority.certify(&["localhost"]);
    let server = Postgres::options().tls(&identity.chain, &identity.key).start();
    let server = server.expect("a server that speaks TLS");
    let url = server.url("postgres").replace("127.0.0.1", "localhost");
    let verified = |roots: &Authority| {
        format!("{url}?sslmode=verify-full&sslrootcert={}", roots.file().display())
    };
    let from = Place::on_disk();
    append_some(&from, 30).await;
    fails(&["log", "copy", from.address(), &verified(&Authority::new())], "postgres-certificate");
    let made = server.query("postgres", "SELECT to_regnamespace('ondol') IS NULL");
    assert_eq!(made.expect("it answers"), "t", "nothing is written to a stranger");
    let to = verified(&authority);
    succeeds(&["log", "copy", from.address(), &to]);
    let stats = |log: &str| json(&succeeds(&["log", "stats", "--log", log, "--output", "json"]));
    assert_eq!(stats(&to)["events"], stats(from.address())["events"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_is_killed_goes_on_where_it_stopped() {
    let (from, to) = (Place::on_disk(), Place::in_postgres());
    append_some(&from, 9_000).await;
    let whole = all(&from).await.len();
    let mut rounds = 0;
    let target = opened(&to).await;
    loop {
        let before = target.head().await.expect("it is read").position;
        let mut copy = ondol(&["log", "copy", from.address(), to.address()]);
        let mut copy = copy.stdout(Stdio::null()).spawn().expect("the binary starts");
        // Killed as soon as it has got a bit further, or at its end.
        let ended = loop {
            if let Some(status) = copy.try_wait().expect("it is our child") {
                break Some(status);
            }
            if target.head().await.expect("it is read").position > before {
                copy.kill().expect("it is our child");
                copy.wait().expect("it is our child");
                break None;
            }
        };
        rounds += 1;
        if let Some(status) = ended {
            assert!(status.success(), "the copy failed in round {rounds}");
            break;
        }
        assert!(rounds < 100, "the copy does not get on");
    }
    assert_eq!(target.head().await.expect("it is read").position.get(), whole as u64);
    drop(target);
    assert_same(&from, &to).await;
    assert!(rounds > 1, "the copy was never killed");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_from_a_disk_is_imported_into_postgres() {
    let (from, to) = (Place::on_disk(), Place::in_postgres());
    append_some(&from, 200).await;
    let mut export = ondol(&["log", "export", "--log", from.address()])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let piped = export.stdout.take().expect("it is piped");
    let import = ondol(&["log", "import", "--log", to.address()]).stdin(piped).output();
    let import = import.expect("the binary starts");
    assert!(import.status.success(), "{}", text(&import.stderr));
    assert!(export.wait().expect("it is our child").success());
    assert_same(&from, &to).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_follows_a_log_sees_what_is_written_to_it() {
    let place = Place::in_postgres();
    append_some(&place, 3).await;
    let before = all(&place).await.len();
    let log = place.address();
    let arguments = ["log", "tail", "--log", log, "--after", "0", "--follow", "--output", "json"];
    let mut follower = ondol(&arguments).stdout(Stdio::piped()).spawn().expect("the binary starts");
    let mut lines = BufReader::new(follower.stdout.take().expect("it is piped")).lines();
    let mut next = || json(&lines.next().expect("there is more").expect("it is text"));
    for position in 1..=before {
        assert_eq!(next()["position"], position.to_string());
    }
    let store = opened(&place).await;
    let stream = place::stream(77);
    for version in 1..=3 {
        let append = Append::to(stream.clone(), Expected::Any, vec![place::deposit(1)]);
        store.append(append).await.expect("it keeps every rule");
        let event = next();
        assert_eq!(
            (&event["subject"], &event["streamversion"]),
            (&"account:77".into(), &version.to_string().into())
        );
    }
    follower.kill().expect("it is our child");
    follower.wait().expect("it is our child");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_not_there_is_not_made_by_looking() {
    let disk = Place::on_disk();
    let database = Place::in_postgres();
    for place in [&disk, &database] {
        for verb in ["tail", "stats", "export", "verify"] {
            fails(&["log", verb, "--log", place.address()], "log-not-found");
        }
        fails(&["log", "show", "--log", place.address(), "account:1"], "log-not-found");
        fails(&["log", "copy", place.address(), "disk:/nowhere/at/all"], "log-not-found");
    }
    assert!(!disk.folder().exists());
    assert_eq!(database.schemas(), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_another_process_holds_is_looked_at_and_not_mended() {
    let place = Place::on_disk();
    append_some(&place, 1).await;
    let held = opened(&place).await;
    for verb in ["tail", "stats", "export", "verify"] {
        succeeds(&["log", verb, "--log", place.address()]);
    }
    let cut = ["log", "repair", "--log", place.address(), "--cut-at", "1"];
    let told = fails(&cut, "log-held");
    assert!(told.contains(&format!("process {}", std::process::id())), "{told}");
    drop(held);
    succeeds(&["log", "tail", "--log", place.address()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_log_is_found_out_and_cut_before_the_damage() {
    let place = Place::on_disk();
    append_some(&place, 400).await;
    let whole = all(&place).await;
    let address = place.address();
    place.flip_a_bit_of(&whole[whole.len() / 2]);
    fails(&["log", "verify", "--log", address], "log-damaged");
    fails(&["log", "tail", "--after", "0", "--log", address], "log-corrupt");
    let found = ondol(&["log", "verify", "--log", address, "--output", "json"]).output();
    let found = json(&text(&found.expect("the binary starts").stdout));
    let cut_at = found["findings"][0]["cut_at"].as_u64().expect("there is a place to cut");
    assert!(
        found["findings"][0]["place"].as_str().is_some_and(|place| place.contains(".log at byte"))
    );
    let elsewhere = "00000000000000000001.log:64";
    let refused = ["log", "repair", "--log", address, "--cut-at", elsewhere];
    fails(&refused, "log-not-damaged-there");
    let shown = found["findings"][0]["place"].as_str().expect("the place is a text");
    let told = succeeds(&["log", "repair", "--log", address, "--cut-at", shown]);
    assert!(told.starts_with(&format!("the log ends at position {} now", cut_at - 1)), "{told}");
    succeeds(&["log", "verify", "--log", address]);
    let left = all(&place).await;
    assert_eq!(left.len() as u64, cut_at - 1);
    assert!(left[..] == whole[..left.len()], "what was left is not what was written");
    let gone = whole.len().to_string();
    fails(&["log", "tail", "--log", address, "--after", &gone], "log-reader-ahead");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_somebody_elses_is_left_alone() {
    let disk = Place::on_disk();
    std::fs::create_dir_all(disk.folder()).expect("there is room");
    std::fs::write(disk.folder().join("letters.txt"), "dear").expect("there is room");
    fails(&["log", "tail", "--log", disk.address()], "log-not-a-log");
    let names: Vec<_> = std::fs::read_dir(disk.folder()).expect("it is there").collect();
    assert!(names.len() <= 2, "something was written: {names:?}");
    let database = Place::in_postgres();
    database.query("CREATE SCHEMA ondol; CREATE TABLE ondol.letters (text text)");
    for verb in ["tail", "stats"] {
        fails(&["log", verb, "--log", database.address()], "store-postgres-foreign-schema");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_who_has_seen_enough_ends_an_export_in_peace() {
    let place = Place::on_disk();
    append_some(&place, 2_000).await;
    let mut export = ondol(&["log", "export", "--log", place.address()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut reader = BufReader::new(export.stdout.take().expect("it is piped"));
    let mut line = String::new();
    reader.read_line(&mut line).expect("it is text");
    drop(reader);
    assert_eq!(json(&line)["position"], "1");
    let ended = export.wait_with_output().expect("it is our child");
    assert!(ended.status.success(), "{}", text(&ended.stderr));
    assert_eq!(text(&ended.stderr), "");
}

#[test]
fn arguments_that_cannot_be_meant_are_refused() {
    for (arguments, expected) in [
        (&["log", "tail", "--log", "mysql://db"][..], "found mysql:"),
        (&["log", "show", "--log", "x", "Account:1"], "the kind of a stream"),
        (&["log", "tial", "--log", "x"], "'tail'"),
        (&["log", "tail"], "--log <LOG>"),
        (&["log", "tail", "--log", "x", "--outptu", "json"], "'--output'"),
    ] {
        let done = ondol(arguments).output().expect("the binary starts");
        assert_eq!(done.status.code(), Some(2), "{arguments:?}");
        assert!(text(&done.stderr).contains(expected), "{}", text(&done.stderr));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_named_by_the_environment_as_well() {
    let place = Place::on_disk();
    append_some(&place, 1).await;
    let secret = place.folder().with_extension("secret");
    std::fs::write(&secret, format!("{}\n", place.address())).expect("there is room");
    for (name, value) in
        [("ONDOL_LOG", place.address()), ("ONDOL_LOG_FILE", &secret.to_string_lossy())]
    {
        let done = ondol(&["log", "stats"]).env(name, value).output().expect("the binary starts");
        assert!(done.status.success(), "{name}: {}", text(&done.stderr));
    }
    std::fs::remove_file(secret).expect("it is ours");
}
