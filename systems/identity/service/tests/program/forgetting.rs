//! Being forgotten, over everything that the program keeps: its log on the disk with snapshots, views
//! in SQLite, the audit log, keys, letters, an export, backups made after it; and backups made before
//! it, when they are brought back.

use std::path::{Path, PathBuf};

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ondol_auth::{decode_strict, encode};
use serde_json::Value;

use crate::provider::{BACK, Program};
use crate::visitor::{PASSWORD, Visitor};

const CANARY: &str = "canary.of.kim@example.kr";
const VERIFIER: &str = "a-verifier-that-is-long-enough-to-be-one-0123456789";
/// A snapshot after every event: they are searched as well.
const SNAPSHOTS: &str = "[commands]\nsnapshot_every_events = 1\n";

/// A person's key: who he is, as it is kept wrapped, and in clear.
struct DataKey {
    subject: String,
    wrapped: String,
    plain: Vec<u8>,
}

fn bound(names: &[&str]) -> Vec<u8> {
    let with_length = |name: &&str| [&(name.len() as u64).to_be_bytes(), name.as_bytes()].concat();
    names.iter().flat_map(with_length).collect()
}

/// Unwraps the key of the one person whom the vault knows, as whoever has the master key could.
fn data_key(data: &Path) -> DataKey {
    let files = files_under(&data.join("secrets/people"));
    let own = |path: &&PathBuf| {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        name != "index" && name != "signing-keys"
    };
    let file = files.iter().find(own).expect("a key");
    let kept: Value =
        serde_json::from_slice(&std::fs::read(file).expect("it is ours")).expect("JSON");
    let subject = kept["subject"].as_str().expect("a name").to_owned();
    let wrapped = kept["keys"][0]["key"].as_str().expect("a key").to_owned();
    let master = std::fs::read_to_string(data.join("secrets/master.key")).expect("it is ours");
    let (_, master) = master.trim().split_once(' ').expect("a generation and a key");
    let master = decode_strict(master).expect("base64url");
    let key = UnboundKey::new(&AES_256_GCM_SIV, &master).expect("a key");
    let whole = decode_strict(&wrapped).expect("base64url");
    let (nonce, body) = whole.split_at(NONCE_LEN);
    let nonce = Nonce::try_assume_unique_for_key(nonce).expect("a nonce");
    let names = bound(&["ondol vault key 1", &subject, "1", "1"]);
    let mut body = body.to_vec();
    let plain = LessSafeKey::new(key).open_in_place(nonce, Aad::from(names), &mut body);
    let plain = plain.expect("the master key opens it").to_vec();
    DataKey { subject, wrapped, plain }
}

fn files_under(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("it is ours") {
        let path = entry.expect("it is there").path();
        if path.is_dir() { found.append(&mut files_under(&path)) } else { found.push(path) }
    }
    found
}

/// The files under a folder that hold one of these, and which.
fn files_with(folder: &Path, wanted: &[(&'static str, Vec<u8>)]) -> Vec<(PathBuf, &'static str)> {
    let mut found = Vec::new();
    for path in files_under(folder) {
        let Ok(bytes) = std::fs::read(&path) else { continue };
        // What is reserved for later is zeros to the end.
        let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        for (name, part) in wanted {
            if memchr::memmem::find(&bytes[..end], part).is_some() {
                found.push((path.clone(), *name));
            }
        }
    }
    found
}

fn copied(from: &Path, to: &Path) {
    let done = std::process::Command::new("cp").arg("-a").arg(from).arg(to).status();
    assert!(done.is_ok_and(|done| done.success()), "{} can be copied", from.display());
}

fn asking() -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, VERIFIER.as_bytes());
    let challenge = encode(digest);
    let pairs = [
        ("client_id", "web"),
        ("redirect_uri", BACK),
        ("response_type", "code"),
        ("scope", "openid profile email"),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
    ];
    format!("/oauth2/authorize?{}", serde_urlencoded::to_string(pairs).expect("a query"))
}

/// Tokens for a client, given by somebody.
pub(crate) async fn tokens(program: &Program, visitor: &mut Visitor<'_>) -> Value {
    let back = visitor.go(&asking()).await;
    let code = back.split_once("code=").expect("a code").1.split('&').next().expect("a code");
    let redeem = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", BACK),
        ("code_verifier", VERIFIER),
    ];
    program.form("/oauth2/token", "web", &redeem).await.json()
}

async fn is_active(program: &Program, tokens: &Value) -> bool {
    let token = tokens["access_token"].as_str().expect("a token");
    let answer = program.form("/oauth2/introspect", "atm", &[("token", token)]).await;
    answer.json()["active"] == true
}

async fn is_refreshed(program: &Program, tokens: &Value) -> bool {
    let token = tokens["refresh_token"].as_str().expect("a token");
    let pairs = [("grant_type", "refresh_token"), ("refresh_token", token)];
    program.form("/oauth2/token", "web", &pairs).await.status == 200
}

/// Brings back the log, the views and the keys of a backup; the ledger and the audit log stand apart.
fn bring_back(backup: &Path, data: &Path) {
    for part in ["log", "views.db", "timers.db", "secrets"] {
        for sibling in ["", "-wal", "-shm"] {
            let file = data.join(format!("{part}{sibling}"));
            let gone = if file.is_dir() {
                std::fs::remove_dir_all(&file)
            } else {
                std::fs::remove_file(&file)
            };
            assert!(gone.is_ok() || !file.exists(), "{}", file.display());
        }
        if backup.join(part).exists() {
            copied(&backup.join(part), &data.join(part));
        }
    }
}

/// What a search has to find nowhere: an address, and a key in every form.
fn searched(key: &DataKey) -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("the address", CANARY.as_bytes().to_vec()),
        ("the address in base64", encode(CANARY).into_bytes()),
        ("the wrapped key", key.wrapped.clone().into_bytes()),
        ("the key", key.plain.clone()),
        ("the key in base64", encode(&key.plain).into_bytes()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn c4_and_c6_no_file_knows_who_was_forgotten_and_no_backup_brings_him_back() {
    let mut program = Program::start_with(SNAPSHOTS, "").await;
    let (given, before) = {
        let mut visitor = Visitor::registered(&program, CANARY).await;
        visitor.enrol().await;
        (tokens(&program, &mut visitor).await, visitor.cookies())
    };
    assert!(is_active(&program, &given).await && is_refreshed(&program, &given).await);
    let key = data_key(&program.data());
    let wanted = searched(&key);
    let known = files_with(&program.data(), &wanted);
    assert!(
        known.iter().any(|(_, name)| *name == "the wrapped key"),
        "the search finds: {known:?}"
    );
    assert!(known.iter().any(|(_, name)| *name == "the address"), "a letter: {known:?}");
    program.stop().await;
    let backups = tempfile::tempdir().expect("a folder");
    let old = backups.path().join("before");
    copied(&program.data(), &old);
    program.begin().await.expect("it comes up");

    let mut visitor = Visitor::known(&program, CANARY, before);
    let page = visitor.get("/account").await;
    let forget = [("change", "forget"), ("password", PASSWORD)];
    let done = visitor.send(&page, "/account", &forget).await;
    assert!(done.text.contains("You are forgotten"), "{}", done.text);
    assert!(!is_active(&program, &given).await && !is_refreshed(&program, &given).await);
    let none: Vec<(PathBuf, &str)> = Vec::new();
    assert_eq!(files_with(program.folder.path(), &wanted), none, "while it runs");
    let export = backups.path().join("export.jsonl");
    let log = program.data().join("log");
    let (log, to) = (log.to_string_lossy(), export.to_string_lossy());
    let (ok, _, said) = program.told(&["log", "export", "--log", &log, "--to", &to]).await;
    assert!(ok, "{said}");
    program.stop().await;
    let new = backups.path().join("after");
    copied(&program.data(), &new);
    for place in [program.folder.path(), &new] {
        assert_eq!(files_with(place, &wanted), none, "in {}", place.display());
    }
    let exported = std::fs::read(&export).expect("it was written");
    let is_said = memchr::memmem::find(&exported, b"user.forgotten").is_some();
    assert!(is_said, "it is written down at once, not when the ledger is read again");
    for (name, part) in &wanted {
        assert!(memchr::memmem::find(&exported, part).is_none(), "the export holds {name}");
    }
    let (ok, told, said) = program.told(&["view", "verify", "identity", "login"]).await;
    assert!(ok, "replay still works: {told} {said}");

    bring_back(&old, &program.data());
    assert_eq!(data_key(&program.data()).subject, key.subject, "the backup holds his key");
    program.begin().await.expect("it comes up");
    let keys = files_with(&program.data().join("secrets"), &wanted[2..]);
    assert_eq!(keys, none, "destroyed again before anything is served");
    assert!(!is_active(&program, &given).await && !is_refreshed(&program, &given).await);
    let mut again = visitor_of(&program);
    let page = again.get("/account").await;
    let filled = [("email", CANARY), ("password", PASSWORD)];
    assert_eq!(again.send(&page, "/sign-in", &filled).await.status, 403, "nobody");
    program.stop().await;
    let (ok, told, said) = program.told(&["log", "tail", "--log", &log, "--output", "json"]).await;
    assert!(ok, "{said}");
    assert!(told.contains("user.forgotten"), "it is written down again: {told}");
}

fn visitor_of(program: &Program) -> Visitor<'_> {
    Visitor::known(program, CANARY, std::collections::BTreeMap::new())
}
