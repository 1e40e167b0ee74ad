//! The attacks on tokens, sign-ins, rights and secrets as a table: what is sent, what has to come of
//! it, and where that is tried. Each row names itself at the head of its tests; a row without a test,
//! and a test without a row, is a mistake of this table.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const AUTH: &str = "crates/ondol-auth/tests";
const VAULT: &str = "crates/ondol-vault/tests";
const IDENTITY: &str = "systems/identity/service/tests";

/// Every row: its name, what is sent, the answer, and the tests of which crates try it.
const ROWS: &[(&str, &str, &str, &[&str])] = &[
    ("j1", "no algorithm, in any spelling", "401", &[AUTH]),
    ("j2", "a public key as a shared secret", "401", &[AUTH]),
    ("j3", "another algorithm than the key's", "401", &[AUTH]),
    ("j4", "a key, or where to fetch one, in the token", "401, nobody is asked", &[AUTH]),
    ("j6", "a set of keys that is not sound", "the old set is kept", &[AUTH]),
    ("j8", "a signature cut, longer, swapped, spelt otherwise", "401", &[AUTH]),
    ("j10", "critical and unknown", "401", &[AUTH]),
    ("j11", "a date that is no whole number", "401", &[AUTH]),
    ("j12", "no end, ended, not begun", "401", &[AUTH]),
    ("j13", "for somebody else", "401", &[AUTH]),
    ("j14", "of another issuer, nearly", "401", &[AUTH]),
    ("j15", "a token of another type", "401", &[AUTH]),
    ("j16", "a token of another tenant", "403", &[AUTH]),
    ("j18", "a token of a mebibyte, claims of any depth", "401", &[AUTH]),
    ("j19", "what was taken back", "401 within 5 s, everywhere", &[AUTH, IDENTITY]),
    ("j21", "two words about who asks", "400", &[AUTH]),
    ("j22", "a proof of another key, request, time", "401", &[AUTH]),
    ("o1", "an address that is nearly the client's", "400, nobody is sent anywhere", &[IDENTITY]),
    ("o2", "no challenge, a plain or a short one", "invalid_request", &[IDENTITY]),
    ("o3", "no verifier, or a wrong one", "invalid_grant", &[IDENTITY]),
    ("o4", "a code twice", "invalid_grant, what it gave is taken back", &[IDENTITY]),
    ("o5", "a code twice at once, a thousand times", "one wins", &[IDENTITY]),
    ("o7", "what OAuth 2.1 has dropped", "unsupported", &[IDENTITY]),
    ("o8", "a refresh token that was replaced", "the family ends", &[IDENTITY]),
    ("o10", "a wrong secret, often, or shown twice", "401, then 429; 400", &[IDENTITY]),
    ("o11", "an assertion nobody is registered for", "401", &[IDENTITY]),
    ("o12", "another state, another issuer", "the client stops", &[AUTH]),
    ("o13", "another nonce, client, access token", "the client stops", &[AUTH]),
    ("o14", "the issuer of the discovery document", "as configured", &[IDENTITY]),
    ("o15", "a pushed request again, late, of another", "400", &[IDENTITY]),
    ("o16", "asking too fast, guessing codes", "slow_down; locked after 5", &[IDENTITY]),
    ("o17", "forms of other sites, frames", "403; none", &[IDENTITY]),
    ("o19", "passwords guessed, of one or of many", "429", &[IDENTITY]),
    ("o20", "a cookie from before", "nobody", &[IDENTITY]),
    ("o21", "a number again, numbers guessed", "refused; locked after 5", &[IDENTITY]),
    ("a1", "what is another's, on every route", "as if it were not there", &[IDENTITY]),
    ("a2", "another's id in a question", "shows and does nothing", &[IDENTITY]),
    ("a3", "fields that nobody asked for", "400", &[IDENTITY]),
    ("a4", "a user at what administrators do", "403", &[AUTH, IDENTITY]),
    ("c1", "a ciphertext in another's place", "does not open", &[VAULT]),
    ("c2", "one bit", "does not open", &[VAULT]),
    ("c3", "a key that was replaced", "never seals again", &[VAULT]),
    ("c4", "whoever was forgotten", "is forgotten, no fault", &[VAULT, IDENTITY]),
    ("c6", "a backup from before", "brings nobody back", &[VAULT, IDENTITY]),
    ("c7", "an audit log that was changed", "the first wrong record is named", &[VAULT]),
    ("c8", "many writers, a crash at any byte", "one chain", &[VAULT]),
    ("c9", "a master key that is none, or others'", "does not start", &[VAULT]),
];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("it is there") {
        let path = entry.expect("it is there").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            found.push(path);
        }
    }
    found
}

/// The rows that a test says it tries, at the head of its name: `o2_and_o7_what_is_said`.
fn tried(name: &str) -> Vec<String> {
    let is_row = |word: &str| {
        let number = word.strip_prefix(['j', 'o', 'a', 'c']).unwrap_or_default();
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    };
    let words = name.split('_').take_while(|word| is_row(word) || *word == "and");
    words.filter(|word| is_row(word)).map(str::to_owned).collect()
}

fn tried_in(root: &Path, folder: &str) -> BTreeSet<String> {
    let mut rows = BTreeSet::new();
    for source in sources(&root.join(folder)) {
        let text = std::fs::read_to_string(&source).expect("it can be read");
        let tests = text.split("test").filter_map(|rest| rest.split_once("fn "));
        for (before, test) in tests {
            if before.lines().count() <= 3 && before.contains(']') {
                rows.extend(tried(test.split('(').next().unwrap_or_default()));
            }
        }
    }
    rows
}

#[test]
fn every_row_has_a_test_wherever_it_has_to_hold_and_every_test_a_row() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(3).expect("the root");
    for folder in [AUTH, VAULT, IDENTITY] {
        let tried = tried_in(root, folder);
        let here = ROWS.iter().filter(|(.., folders)| folders.contains(&folder));
        let wanted: BTreeSet<String> = here.map(|(row, ..)| (*row).to_owned()).collect();
        assert_eq!(tried, wanted, "in {folder}");
    }
    for (row, sent, answer, _) in ROWS {
        assert!(!sent.is_empty() && !answer.is_empty(), "{row} says what is sent and what comes");
    }
}
