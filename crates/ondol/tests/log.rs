//! The verbs on logs in memory: what each says and does.

#[path = "log/memory.rs"]
mod memory;

use ondol_kernel::Position;
use ondol_store::{Append, EventStore, Expected};

use self::memory::{MemoryLogs, deposit, stream};

async fn ten(logs: &MemoryLogs, name: &str) {
    let log = logs.log(name);
    for number in 0..5_u64 {
        let two = vec![deposit(number), deposit(number)];
        let append = Append::to(stream("account", number % 2), Expected::Any, two);
        log.append(append.by(memory::command(number))).await.expect("it keeps every rule");
    }
}

#[test]
fn what_is_no_name_is_refused_with_its_code_and_page() {
    let long = "x".repeat(300);
    for (arguments, code) in [
        ("show --log a Account:1".to_owned(), "stream-kind-invalid"),
        ("show --log a account".to_owned(), "stream-without-kind"),
        ("show --log a account:".to_owned(), "stream-without-key"),
        ("show --log a account:\u{1}".to_owned(), "name-control-character"),
        (format!("show --log a account:{long}"), "name-too-long"),
        ("tail --log a --kind Account".to_owned(), "stream-kind-invalid"),
        (format!("tail --log a --type {long}"), "name-too-long"),
        ("tail --log a --type \u{1}".to_owned(), "name-control-character"),
        ("tail --log a --tag seat\u{202e}".to_owned(), "name-unseen-character"),
        (format!("tail --log a --tag {long}"), "name-too-long"),
    ] {
        let refused = memory::parse(&arguments).expect_err("it is no name");
        let page = format!("docs/errors/{code}.md");
        let told = refused.to_string();
        assert!(told.contains(&format!("[{code}]\n  read on: {page}\n")), "{told}");
        assert!(std::path::Path::new("../..").join(page).exists(), "{code} has a page");
    }
}

fn lines(text: &str) -> Vec<&str> {
    text.lines().collect()
}

#[tokio::test]
async fn the_last_ten_events_are_the_tail() {
    let logs = MemoryLogs::default();
    ten(&logs, "a").await;
    ten_more(&logs).await;
    let told = logs.run("tail --log a").await.expect("the log is there");
    let lines = lines(&told);
    assert_eq!(lines.len(), 11, "{told}");
    assert!(lines[0].trim_start().starts_with("POSITION"));
    assert!(lines[1].trim_start().starts_with("11 "), "{told}");
    assert!(lines[10].contains("account:1 @9"), "{told}");
}

async fn ten_more(logs: &MemoryLogs) {
    let log = logs.log("a");
    for number in 10..20_u64 {
        let append = Append::to(stream("account", number % 2), Expected::Any, vec![deposit(1)]);
        log.append(append).await.expect("it keeps every rule");
    }
}

#[tokio::test]
async fn a_tail_has_what_its_filter_wants() {
    let logs = MemoryLogs::default();
    ten(&logs, "a").await;
    let other = Append::to(stream("customer", 1), Expected::Any, vec![memory::tagged("email:kim")]);
    logs.log("a").append(other).await.expect("it keeps every rule");
    for filter in ["--kind customer", "--tag email:kim", "--type customer.named"] {
        let told = logs.run(&format!("tail --log a {filter}")).await.expect("the log is there");
        assert_eq!(lines(&told).len(), 2, "{filter}: {told}");
        assert!(told.contains("customer:1 @1"), "{told}");
    }
    let told = logs.run("tail --log a --after 9 --output json").await.expect("the log is there");
    let events: Vec<serde_json::Value> =
        lines(&told).iter().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(events.len(), 2);
    assert_eq!(events[1]["specversion"], "1.0");
    assert_eq!(events[1]["position"], "11");
    assert_eq!(events[1]["subject"], "customer:1");
}

#[tokio::test]
async fn a_tail_that_follows_goes_on_as_the_log_grows() {
    let logs = MemoryLogs::default();
    ten(&logs, "a").await;
    // The reader closes its ear after the twelfth line: heading, ten events, one that came.
    let told = logs.run_until("tail --log a --follow", 12, async {
        let append = Append::to(stream("account", 7), Expected::Any, vec![deposit(9)]);
        logs.log("a").append(append).await.expect("it keeps every rule");
    });
    let told = told.await;
    assert!(told.lines().last().is_some_and(|line| line.contains("account:7 @1")), "{told}");
}

/// The versions that the lines below the heading tell.
fn versions(told: &str) -> Vec<&str> {
    let told = told.lines().skip(1).filter_map(|line| line.split_once(" @"));
    told.filter_map(|(_, rest)| rest.split(' ').next()).collect()
}

#[tokio::test]
async fn a_stream_is_shown_either_way() {
    let logs = MemoryLogs::default();
    ten(&logs, "a").await;
    for (arguments, expected) in [
        ("", &["1", "2", "3", "4", "5", "6"][..]),
        ("--from 3 --limit 2", &["3", "4"]),
        ("--backward --limit 3", &["6", "5", "4"]),
        ("--backward --from 2", &["2", "1"]),
        ("--from 7", &[]),
    ] {
        let told = logs.run(&format!("show --log a account:0 {arguments}")).await;
        assert_eq!(versions(&told.expect("the log is there")), expected, "with {arguments:?}");
    }
}

#[tokio::test]
async fn a_long_stream_is_shown_whole() {
    let logs = MemoryLogs::default();
    for _ in 0..5 {
        let many = (0..500).map(deposit).collect();
        let append = Append::to(stream("account", 0), Expected::Any, many);
        logs.log("a").append(append).await.expect("it keeps every rule");
    }
    for way in ["", "--backward"] {
        let told = logs.run(&format!("show --log a account:0 {way}")).await;
        assert_eq!(told.expect("the log is there").lines().count(), 2_501);
    }
}

#[tokio::test]
async fn stats_count_what_the_log_holds() {
    let logs = MemoryLogs::default();
    ten(&logs, "a").await;
    let told = logs.run("stats --log a --output json").await.expect("the log is there");
    let found: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    for (name, expected) in
        [("events", 10), ("head", 10), ("streams", 2), ("commands", 5), ("longest_stream", 6)]
    {
        assert_eq!(found[name], expected, "{name} in {told}");
    }
    assert_eq!(found["kinds"]["account"]["events"], 10);
    let bytes: u64 = (0..5).map(|number| 2 * deposit(number).data.bytes.len() as u64).sum();
    assert_eq!(found["data_bytes"], bytes);
    let table = logs.run("stats --log a").await.expect("the log is there");
    assert!(table.contains("account.deposited"), "{table}");
}

#[tokio::test]
async fn a_log_that_is_as_it_was_written_is_said_to_be() {
    let logs = MemoryLogs::default();
    ten(&logs, "a").await;
    let told = logs.run("verify --log a").await.expect("nothing is wrong");
    assert_eq!(told.trim(), "10 events are as they were written, up to position 10");
}

#[tokio::test]
async fn a_copy_is_exact_and_goes_on_where_it_stopped() {
    let logs = MemoryLogs::default();
    ten(&logs, "a").await;
    let told = logs.run("copy a b").await.expect("the target is empty");
    assert!(told.starts_with("copied 10 events after position 0\n"), "{told}");
    logs.assert_same("a", "b").await;
    ten_more(&logs).await;
    let told = logs.run("copy a b --output json").await.expect("the target is the beginning");
    let found: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(
        (&found["after"], &found["events"], &found["head"]),
        (&10.into(), &10.into(), &20.into())
    );
    logs.assert_same("a", "b").await;
    let told = logs.run("copy a b").await.expect("there is nothing to do");
    assert!(told.starts_with("copied 0 events after position 20\n"), "{told}");
}

/// A log of many pages, some of whose commands stand across the end of a page.
async fn many_pages(logs: &MemoryLogs) {
    for number in 0..60 {
        let many = (0..350 + number).map(deposit).collect();
        let append = Append::to(stream("account", number), Expected::Any, many);
        let append = if number % 3 == 0 { append } else { append.by(memory::command(number)) };
        logs.log("a").append(append).await.expect("it keeps every rule");
    }
}

#[tokio::test]
async fn a_copy_of_many_pages_keeps_commands_whole() {
    let logs = MemoryLogs::default();
    many_pages(&logs).await;
    logs.run("copy a b").await.expect("the target is empty");
    assert_outcomes_same(&logs).await;
}

#[tokio::test]
async fn an_import_of_many_pieces_keeps_commands_whole() {
    let logs = MemoryLogs::default();
    many_pages(&logs).await;
    let dir = memory::Folder::new();
    let file = dir.file("a", &logs.run("export --log a").await.expect("it can be read"));
    logs.run(&format!("import --log b {file}")).await.expect("the target is empty");
    assert_outcomes_same(&logs).await;
}

async fn assert_outcomes_same(logs: &MemoryLogs) {
    logs.assert_same("a", "b").await;
    for number in 0..60 {
        let command = memory::command(number);
        let (from, to) =
            (logs.log("a").outcome(command).await, logs.log("b").outcome(command).await);
        assert_eq!(from.expect("it can be read"), to.expect("it can be read"));
    }
}

#[tokio::test]
async fn a_copy_over_a_log_that_is_no_copy_is_refused() {
    let logs = MemoryLogs::default();
    ten(&logs, "a").await;
    ten(&logs, "b").await;
    logs.fails("copy a b", "log-copy-diverged").await;
    let append = Append::to(stream("account", 7), Expected::Any, vec![deposit(9)]);
    logs.log("b").append(append).await.expect("it keeps every rule");
    logs.fails("copy a b", "log-copy-target-ahead").await;
    logs.fails("copy a a", "log-copy-onto-itself").await;
    logs.fails("copy never b", "log-not-found").await;
    assert_eq!(logs.log("b").head().await.expect("it can be read").position.get(), 11);
}

#[tokio::test]
async fn an_export_comes_back_by_an_import() {
    let logs = MemoryLogs::default();
    ten(&logs, "a").await;
    logs.log("a").void(memory::command(99), Default::default()).await.expect("it can be void");
    let dir = memory::Folder::new();
    let file = dir.path("log.ndjson");
    let told = logs.run(&format!("export --log a --to {file}")).await.expect("the file is new");
    assert!(told.starts_with("wrote 11 events"), "{told}");
    let told = logs.run(&format!("import --log b {file}")).await.expect("the log is empty");
    assert!(told.starts_with("took over 11 events, 0 were there already"), "{told}");
    logs.assert_same("a", "b").await;
    let told = logs.run(&format!("import --log b {file}")).await.expect("it is the same");
    assert!(told.starts_with("took over 0 events, 11 were there already"), "{told}");
    logs.fails(&format!("export --log a --to {file}"), "log-output-failed").await;
    let direct = logs.run("export --log a").await.expect("it can be read");
    assert_eq!(direct, std::fs::read_to_string(file).expect("it was written"));
}

#[tokio::test]
async fn an_import_that_was_cut_off_is_started_again() {
    let logs = MemoryLogs::default();
    ten(&logs, "a").await;
    let dir = memory::Folder::new();
    let exported = logs.run("export --log a").await.expect("it can be read");
    let begun: String = exported.split_inclusive('\n').take(6).collect();
    let (part, whole) = (dir.file("part", &begun), dir.file("whole", &exported));
    logs.run(&format!("import --log b {part}")).await.expect("the log is empty");
    logs.run(&format!("import --log b {whole}")).await.expect("it goes on");
    logs.assert_same("a", "b").await;
}

#[tokio::test]
async fn what_is_no_export_is_not_taken_over() {
    let logs = MemoryLogs::default();
    ten(&logs, "a").await;
    let exported = logs.run("export --log a").await.expect("it can be read");
    let dir = memory::Folder::new();
    let second = |from: &str, to: &str| {
        let mut lines: Vec<String> = exported.lines().map(str::to_owned).collect();
        lines[1] = lines[1].replace(from, to);
        lines.join("\n")
    };
    for (text, code) in [
        (second("{", ""), "log-import-line"),
        (second("\"1.0\"", "\"0.3\""), "cloud-event-version"),
        (second("\"position\":\"2\",", ""), "cloud-event-attribute-missing"),
        (second("\"position\":\"2\"", "\"position\":\"two\""), "cloud-event-attribute-unreadable"),
        (second("\"position\":\"2\"", "\"position\":\"3\""), "log-copy-out-of-order"),
        (
            second("\"streamversion\":\"2\"", "\"streamversion\":\"9\""),
            "log-copy-version-out-of-order",
        ),
        (exported.replace("account:0", "Account:0"), "cloud-event-attribute-unreadable"),
    ] {
        let file = dir.file("bad", &text);
        logs.fails(&format!("import --log b {file}"), code).await;
    }
    assert_eq!(logs.log("b").head().await.expect("it can be read").position, Position::START);
    logs.fails("import --log b never.ndjson", "log-input-failed").await;
    let endless = dir.file("endless", &" ".repeat((16 << 20) + 1));
    let failure = logs.fails(&format!("import --log b {endless}"), "log-import-line").await;
    let why = std::error::Error::source(&failure).expect("there is a reason").to_string();
    assert_eq!(why, "a line may have at most 16777216 bytes");
}

#[tokio::test]
async fn an_import_over_another_log_is_refused() {
    let logs = MemoryLogs::default();
    ten(&logs, "a").await;
    ten(&logs, "b").await;
    let dir = memory::Folder::new();
    let file = dir.file("a", &logs.run("export --log a").await.expect("it can be read"));
    logs.fails(&format!("import --log b {file}"), "log-copy-diverged").await;
}

#[tokio::test]
async fn a_log_that_is_not_there_is_not_made_by_looking_at_it() {
    let logs = MemoryLogs::default();
    for verb in ["tail --log no", "show --log no account:1", "stats --log no", "export --log no"] {
        logs.fails(verb, "log-not-found").await;
    }
    assert!(!logs.exists("no"));
}

#[tokio::test]
async fn a_reader_ahead_of_the_log_is_told_where_to_read_on() {
    let logs = MemoryLogs::default();
    ten(&logs, "a").await;
    let failure = logs.fails("tail --log a --after 11", "log-reader-ahead").await;
    let mut told = Vec::new();
    failure.tell(&mut told, ondol::Output::Table).expect("memory takes it");
    let told = String::from_utf8(told).expect("text");
    assert!(
        told.starts_with("error[log-reader-ahead]: the log cannot be read\n  because: "),
        "{told}"
    );
    assert!(told.ends_with("  read on: docs/errors/log-reader-ahead.md\n"), "{told}");
    let mut told = Vec::new();
    failure.tell(&mut told, ondol::Output::Json).expect("memory takes it");
    let told: serde_json::Value = serde_json::from_slice(&told).expect("JSON");
    assert_eq!(told["error"], "log-reader-ahead");
}

#[tokio::test]
async fn bad_arguments_are_refused_before_anything_is_opened() {
    let logs = MemoryLogs::default();
    ten(&logs, "a").await;
    for (arguments, expected) in [
        ("show --log a Account:1", "the kind of a stream is"),
        ("show --log a account", "a stream is named kind:key"),
        ("tail --log a --kind Account", "the kind of a stream is"),
        ("tail --log mysql://db --after 1", "found mysql:"),
        ("tail --log a --after -1", "unexpected argument"),
        ("tail", "required"),
        ("tail --log a --log-file Cargo.toml", "cannot be used with"),
        ("tial --log a", "tail"),
        ("repair --log a", "--cut-at"),
    ] {
        let told = memory::parse(arguments).expect_err("an argument is bad").to_string();
        assert!(told.contains(expected), "{arguments}: {told}");
    }
}
