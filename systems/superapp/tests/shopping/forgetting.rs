//! Being forgotten, over every file of every service: somebody registers, signs in, buys, and is
//! forgotten by his own word; then nothing that is kept anywhere, nor a backup made after it, says who
//! he was, in whatever way it could be written, and nothing holds the key of what stays sealed.

use std::path::{Path, PathBuf};
use std::process::Command;

use ondol_testkit::browser::BrowserOptions;

use super::seat::{ENGLISH, Seat};
use super::sought::{Sought, data_key, files_under};
use super::town::Patience;

const EMAIL: &str = "canary.of.kim@forgotten.example";
const NAME: &str = "Kanarie \"온돌\" Kim";
const PASSWORD: &str = "canary password 2026";
/// As much of him as a short name can hold.
const PLAIN: &str = "canary.of.kim";

/// The link in the newest letter to him.
fn link(seat: &Seat) -> String {
    let mut letters = files_under(&seat.town.data().join("identity/outbox"));
    letters.sort();
    let read = |path: &PathBuf| std::fs::read_to_string(path).expect("a letter");
    let mut texts = letters.iter().rev().map(read);
    let letter = texts.find(|text| text.contains(EMAIL)).expect("a letter to him");
    let (_, rest) = letter.split_once("/verify?").expect("a link in English");
    format!("/verify?{}", rest.split_whitespace().next().expect("a token"))
}

fn registers(seat: &mut Seat) {
    seat.go("/register");
    for (field, text) in [("#name", NAME), ("#email", EMAIL), ("#password", PASSWORD)] {
        seat.fill(field, text);
    }
    seat.follow("main button");
    let link = link(seat);
    seat.go(&link);
    seat.follow("main button");
    seat.signs_in_as(EMAIL, PASSWORD);
    seat.until_text(NAME);
}

/// Buys something, and tries to leave his name wherever a name can be left.
fn buys(seat: &mut Seat) -> String {
    seat.go(&format!("/shop/products?q={PLAIN}"));
    seat.go(&format!("/shop/products/{PLAIN}"));
    seat.puts("Chamomile", 1);
    for field in ["send_to", "pay_with"] {
        seat.go("/shop/cart");
        seat.look(&format!(
            "(() => {{ const it = document.querySelector('#{field}'); \
             it.append(new Option('x', '{PLAIN}')); it.value = '{PLAIN}'; }})()"
        ));
        seat.follow(".buy button");
        let path = seat.look("location.pathname");
        let is_bought = path.as_str().is_some_and(|path| path.starts_with("/shop/orders/"));
        assert!(!is_bought, "{field}: {}", seat.text());
    }
    seat.go("/shop/cart");
    seat.look(&format!("document.querySelector('.buy [name=key]').value = '{PLAIN}-of-the-order'"));
    let order = seat.buys("card-good", "SEOUL-04");
    seat.until_text("It has arrived");
    order
}

/// Behind the gateway, too, it is written down where whoever registers comes from.
fn came_from_somewhere(data: &Path) {
    let file = std::fs::read(data.join("identity/audit/audit.log")).expect("it is ours");
    let text = String::from_utf8_lossy(&file);
    let records =
        text.split("{\"time\"").filter(|record| record.contains("\"action\":\"register\""));
    let of_kim = records.last().expect("he has registered");
    assert!(of_kim.contains("\"address\":\"127.0.0.0/24\""), "{of_kim}");
}

/// The folders of the logs under the program's data.
fn logs(data: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(data).expect("it is ours");
    let mut logs: Vec<PathBuf> =
        entries.map(|entry| entry.expect("it is there").path().join("log")).collect();
    logs.retain(|log| log.is_dir());
    logs.sort();
    logs
}

fn superapp(folder: &Path, words: &[&str]) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_superapp"));
    let done = command.current_dir(folder).env_clear().args(words).output().expect("it starts");
    assert!(done.status.success(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
}

/// Everything that can be made of what is kept, after it: each log exported and copied, and all files.
fn backed_up(seat: &Seat, backups: &Path) {
    let data = seat.town.data();
    let logs = logs(&data);
    assert!(logs.len() >= 8, "identity, the shop's five and the bank's have logs: {logs:?}");
    let text = |path: &Path| path.to_str().expect("text").to_owned();
    for log in logs {
        let service = log.parent().and_then(Path::file_name).expect("a service");
        let of = |kind: &str| text(&backups.join(service).with_added_extension(kind));
        superapp(backups, &["log", "export", "--log", &text(&log), "--to", &of("jsonl")]);
        superapp(backups, &["log", "copy", &text(&log), &of("copy")]);
    }
    let to = text(&backups.join("data"));
    let done = Command::new("cp").args(["-a", &text(&data), &to]).status();
    assert!(done.is_ok_and(|done| done.success()), "all files can be copied");
}

#[test]
fn c4_no_file_of_any_service_nor_any_backup_knows_who_was_forgotten() {
    let options = BrowserOptions { languages: ENGLISH, ..BrowserOptions::default() };
    let mut seat = Seat::take("forgotten", options);
    registers(&mut seat);
    let key = data_key(&seat.town.data());
    let mut sought = Sought::default();
    // Whatever holds his address holds this part of it.
    for (what, text) in [("his address", PLAIN), ("his name", NAME), ("his password", PASSWORD)] {
        sought.text(what, text);
    }
    sought.key("his key", &key.plain, &key.wrapped);
    sought.bites();

    came_from_somewhere(&seat.town.data());
    let order = buys(&mut seat);
    let known = sought.found_in(&seat.town.data().join("identity"));
    for what in ["his address", "his key, wrapped"] {
        assert!(known.iter().any(|found| found.contains(what)), "{what} is found: {known:#?}");
    }
    seat.go("/account");
    seat.fill("#forget-password", PASSWORD);
    seat.follow("form:has(#forget-password) button");
    seat.until_text("You are forgotten");
    let none: Vec<String> = Vec::new();
    assert_eq!(sought.found_in(&seat.town.data()), none, "while it runs");

    seat.town.stop();
    let backups = tempfile::tempdir().expect("a folder");
    backed_up(&seat, backups.path());
    assert_eq!(sought.found_in(backups.path()), none, "in what was made of it");

    // What he bought is still there, and nobody's.
    assert!(seat.town.start(), "it comes up again");
    let patience = Patience::new();
    while !seat.town.payments(&order).contains("\"captured\"") {
        assert!(!patience.is_over(), "the order is gone");
    }
    assert_eq!(sought.found_in(&seat.town.data()), none, "after it has come up again");
}
