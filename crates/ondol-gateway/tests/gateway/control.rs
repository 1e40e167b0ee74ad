//! Looking at a running gateway and changing it, as an operator does: over its own port.

mod acts;
mod command_line;

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ondol_gateway::{Config, Surroundings};
use serde_json::{Value, json};

use super::certificates::Folder;
use super::rig::{Reply, Rig, Upstream, say, send, until};

const TOKEN: &str = "kim-0123456789abcdef";
const LOOKER: &str = "lee-0123456789abcdef";

/// A gateway that can be changed, and where what is written about that is.
pub(crate) struct Desk {
    pub(crate) rig: Rig,
    pub(crate) folder: Folder,
    admin: SocketAddr,
}

pub(crate) fn head(folder: &Folder) -> String {
    folder.write("kim.token", TOKEN);
    folder.write("lee.token", &format!("{LOOKER}\n"));
    format!(
        "listen = [\"127.0.0.1:0\"]\nadmin = \"127.0.0.1:0\"\nworkers = 1\n[control]\naudit = \"{}\"\nversions_max = 5\n\
         [control.tokens.kim]\nfile = \"{}\"\n[control.tokens.lee]\nfile = \"{}\"\nread_only = true\n",
        folder.file("audit.jsonl"),
        folder.file("kim.token"),
        folder.file("lee.token"),
    )
}

impl Desk {
    pub(crate) fn start(name: &str, body: &str) -> Self {
        let folder = Folder::new(name);
        let text = head(&folder) + body;
        folder.write("gateway.toml", &text);
        Self::on(folder, &text)
    }

    pub(crate) fn on(folder: Folder, text: &str) -> Self {
        let around = Surroundings {
            file: Some(folder.file("gateway.toml").into()),
            steered: Some(folder.file("gateway.toml.steered").into()),
            ..Surroundings::default()
        };
        let config = Config::read("gateway.toml", text).expect("a good configuration");
        let rig = Rig::around(config, around);
        rig.handle.note_text(text, "the test began");
        let admin = rig.handle.admin().expect("an admin port");
        Self { rig, folder, admin }
    }

    pub(crate) fn ask(&self, method: &str, path: &str, more: &str, body: &str) -> Reply {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{more}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        Reply::of(&send(self.admin, request.as_bytes(), usize::MAX))
    }

    pub(crate) fn kim(&self, method: &str, path: &str, more: &str, body: &str) -> Reply {
        self.ask(method, path, &format!("Authorization: Bearer {TOKEN}\r\n{more}"), body)
    }

    pub(crate) fn see(&self, path: &str) -> Value {
        let reply = self.kim("GET", &format!("/control/{path}"), "", "");
        assert_eq!(reply.status, 200, "{path}: {}", reply.body);
        serde_json::from_str(&reply.body).expect("JSON")
    }

    pub(crate) fn act(&self, path: &str, body: &Value) -> Reply {
        self.kim("POST", &format!("/control/{path}"), "", &body.to_string())
    }

    /// The tag and the text of what runs.
    fn config(&self) -> (String, String) {
        let reply = self.kim("GET", "/control/config", "", "");
        (reply.header("etag").expect("a tag").to_owned(), reply.body)
    }

    fn audit(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.folder.file("audit.jsonl")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
    }
}

fn answers(word: &str) -> String {
    format!("[routes.all]\nrespond = {{ status = 200, body = \"{word}\" }}\n")
}

fn code(reply: &Reply) -> String {
    let told: Value = serde_json::from_str(&reply.body).expect("JSON");
    told["code"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn without_tokens_there_is_nothing_but_health_and_metrics() {
    let rig = Rig::start(&format!("admin = \"127.0.0.1:0\"\n{}", answers("1")));
    let admin = rig.handle.admin().expect("an admin port");
    for path in ["/control", "/control/config", "/control/overview"] {
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        assert_eq!(Reply::of(&send(admin, request.as_bytes(), usize::MAX)).status, 404);
    }
    let metrics = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert_eq!(Reply::of(&send(admin, metrics, usize::MAX)).status, 200);
}

#[test]
fn whoever_shows_no_good_token_sees_nothing_changes_nothing_and_is_written_down() {
    let desk = Desk::start("control-tokens", &answers("1"));
    let prefix = &TOKEN[..TOKEN.len() - 1];
    for shown in [
        String::new(),
        "Authorization: Bearer \r\n".to_owned(),
        format!("Authorization: Bearer {prefix}\r\n"),
        format!("Authorization: Bearer {prefix}x\r\n"),
        format!("Authorization: Bearer {TOKEN}x\r\n"),
        format!("Authorization: bearer{TOKEN}\r\n"),
        format!("Authorization: Basic {TOKEN}\r\n"),
        format!("Authorization: Bearer {TOKEN}\r\nAuthorization: Bearer {TOKEN}\r\n"),
    ] {
        let reply = desk.ask("GET", "/control/config", &shown, "");
        assert_eq!(reply.status, 401, "{shown}");
        assert_eq!(reply.header("www-authenticate"), Some("Bearer"));
        assert_eq!(code(&reply), "gateway-control-unauthorised");
    }
    let looker = format!("Authorization: Bearer {LOOKER}\r\nOndol-Reason: curious\r\n");
    assert_eq!(desk.ask("GET", "/control/config", &looker, "").status, 200);
    let reply = desk.ask("PUT", "/control/config", &looker, "");
    assert_eq!((reply.status, code(&reply).as_str()), (403, "gateway-control-read-only"));
    let audit = desk.audit();
    assert_eq!(audit.len(), 9, "{audit:?}");
    assert!(audit.iter().all(|line| line["outcome"] == "refused"));
    assert_eq!((&audit[8]["who"], &audit[0]["who"]), (&json!("lee"), &Value::Null));
    let text = std::fs::read_to_string(desk.folder.file("audit.jsonl")).expect("the audit log");
    assert!(!text.contains(TOKEN) && !text.contains(prefix), "no token is written down");
}

#[test]
fn many_refused_tries_do_not_fill_the_audit_log_and_their_number_is_told() {
    let desk = Desk::start("control-knocking", &answers("1"));
    for _ in 0..60 {
        assert_eq!(desk.ask("GET", "/control/config", "", "").status, 401);
    }
    until("a later one tells of those before", || {
        desk.ask("GET", "/control/config", "", "");
        let told = desk.audit().iter().filter_map(|line| line["untold"].as_u64()).sum::<u64>();
        told > 0 && (desk.audit().len() as u64) < 60
    });
}

#[test]
fn a_change_names_what_it_changes_and_why_and_is_written_down_with_both() {
    let desk = Desk::start("control-change", &answers("1"));
    let (tag, text) = desk.config();
    assert!(text.contains("body = \"1\""));
    let next = text.replace("body = \"1\"", "body = \"2\"");
    let put = |more: &str, text: &str| desk.kim("PUT", "/control/config", more, text);
    let reply = put("Ondol-Reason: a test\r\n", &next);
    assert_eq!((reply.status, code(&reply).as_str()), (428, "gateway-control-no-precondition"));
    let reply = put("If-Match: \"7-0\"\r\nOndol-Reason: a test\r\n", &next);
    assert_eq!((reply.status, code(&reply).as_str()), (412, "gateway-control-precondition"));
    let reply = put(&format!("If-Match: {tag}\r\n"), &next);
    assert_eq!((reply.status, code(&reply).as_str()), (422, "gateway-control-reason"));
    assert_eq!(desk.rig.get("/", "").body, "1", "nothing has changed");

    let whole = format!("If-Match: {tag}\r\nOndol-Reason: 둘째 판\r\n");
    let dry = desk.kim("PUT", "/control/config?dry_run=true", &whole, &next);
    let told: Value = serde_json::from_str(&dry.body).expect("JSON");
    assert_eq!(dry.status, 200, "{told}");
    assert_eq!(told["diff"]["changed"][0]["key"], "routes.all.respond.body");
    assert_eq!(desk.rig.get("/", "").body, "1", "it was only asked what would be");

    let reply = put(&whole, &next);
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(desk.rig.get("/", "").body, "2");
    let held = std::fs::read_to_string(desk.folder.file("gateway.toml")).expect("the file");
    assert_eq!(held, next, "a restart begins with it");
    assert_ne!(reply.header("etag"), Some(tag.as_str()));
    assert_eq!(put(&whole, &next).status, 412, "the tag is of the one before");

    let audit = desk.audit();
    let of = |outcome: &str| audit.iter().find(|line| line["outcome"] == outcome).expect("a line");
    for line in [of("asked"), of("done")] {
        assert_eq!((&line["who"], &line["why"]), (&json!("kim"), &json!("둘째 판")));
        assert_eq!(
            (&line["what"], &line["before"]["version"]),
            (&json!("PUT /control/config"), &json!(1))
        );
    }
    assert_eq!(of("done")["after"]["version"], 2);
    assert_eq!(audit.iter().filter(|line| line["outcome"] == "refused").count(), 4);
}

#[test]
fn a_wrong_configuration_changes_nothing_and_says_where_it_is_wrong() {
    let desk = Desk::start("control-wrong", &answers("1"));
    let (tag, text) = desk.config();
    let more = format!("If-Match: {tag}\r\nOndol-Reason: a test\r\n");
    let reply = desk.kim(
        "PUT",
        "/control/config",
        &more,
        &(text.clone() + "[routes.b]\nto = \"nobody\"\n"),
    );
    let told: Value = serde_json::from_str(&reply.body).expect("JSON");
    assert_eq!((reply.status, &told["code"]), (422, &json!("gateway-control-configuration")));
    let line = text.lines().count() + 2;
    assert_eq!(told["findings"][0]["line"], line);
    assert!(told["findings"][0]["message"].as_str().expect("words").contains("nobody"));
    let without = text.split("[control]").next().expect("a head").to_owned() + &answers("2");
    let reply = desk.kim("PUT", "/control/config", &more, &without);
    assert_eq!((reply.status, code(&reply).as_str()), (409, "gateway-control-refused"));
    // Somebody has written to the file, and it has not been taken over.
    desk.folder.write("gateway.toml", "nonsense");
    let next = text.replace("body = \"1\"", "body = \"2\"");
    assert_eq!(desk.kim("PUT", "/control/config", &more, &next).status, 409);
    assert_eq!(desk.rig.get("/", "").body, "1");
    assert_eq!(desk.kim("PUT", "/control/config?overwrite=true", &more, &next).status, 200);
    assert_eq!(desk.rig.get("/", "").body, "2");
}

#[test]
fn one_goes_back_to_an_earlier_version_also_after_a_restart() {
    let desk = Desk::start("control-versions", &answers("1"));
    for word in ["2", "3", "4", "5", "6", "7"] {
        let (tag, text) = desk.config();
        let before = text.find("body = ").expect("a body");
        let next = text[..before].to_owned() + &format!("body = \"{word}\" }}\n");
        let more = format!("If-Match: {tag}\r\nOndol-Reason: version {word}\r\n");
        assert_eq!(desk.kim("PUT", "/control/config", &more, &next).status, 200);
    }
    let versions = desk.see("versions");
    let numbers: Vec<_> =
        versions.as_array().expect("a list").iter().map(|it| it["version"].as_u64()).collect();
    assert_eq!(numbers, [Some(7), Some(6), Some(5), Some(4), Some(3)], "no more than wanted");
    assert_eq!((&versions[0]["who"], &versions[0]["why"]), (&json!("kim"), &json!("version 7")));
    let Desk { rig, folder, .. } = desk;
    drop(rig);
    let text = std::fs::read_to_string(folder.file("gateway.toml")).expect("the file");
    let desk = Desk::on(folder, &text);
    assert_eq!(desk.rig.get("/", "").body, "7");
    assert_eq!(desk.see("versions")[0]["version"], 7, "the same text is the same version");
    let (tag, _) = desk.config();
    let body = json!({ "reason": "4 was better" }).to_string();
    assert_eq!(desk.kim("POST", "/control/versions/4/restore", "", &body).status, 428);
    let more = format!("If-Match: {tag}\r\n");
    let reply = desk.kim("POST", "/control/versions/4/restore", &more, &body);
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(desk.rig.get("/", "").body, "4");
    assert_eq!(desk.see("versions")[0]["version"], 8);
    let (tag, _) = desk.config();
    let gone =
        desk.kim("POST", "/control/versions/1/restore", &format!("If-Match: {tag}\r\n"), &body);
    assert_eq!((gone.status, code(&gone).as_str()), (404, "gateway-control-unknown"));
}

#[test]
fn what_cannot_be_written_down_is_not_done() {
    let desk = Desk::start("control-audit", &answers("1"));
    let (tag, text) = desk.config();
    std::fs::create_dir(desk.folder.file("audit.jsonl")).expect("a folder in its place");
    let more = format!("If-Match: {tag}\r\nOndol-Reason: a test\r\n");
    let next = text.replace("body = \"1\"", "body = \"2\"");
    let reply = desk.kim("PUT", "/control/config", &more, &next);
    assert_eq!((reply.status, code(&reply).as_str()), (503, "gateway-control-audit"));
    assert_eq!(desk.rig.get("/", "").body, "1");
}

#[test]
fn everything_can_be_looked_at() {
    let upstream = Upstream::start();
    let desk = Desk::start(
        "control-look",
        &format!(
            "[backends.one]\nendpoints = [\"http://{}\"]\n[routes.all]\nto = \"one\"\n",
            upstream.address
        ),
    );
    assert_eq!(desk.rig.get("/", "").status, 200);
    for path in [
        "overview", "versions", "routes", "backends", "canaries", "switches", "mirrors", "limits",
        "refusals", "audit",
    ] {
        drop(desk.see(path));
    }
    let overview = desk.see("overview");
    assert_eq!(overview["routes"][0]["answers"]["2xx"], 1);
    assert_eq!(overview["limits"]["of_clients"]["headers_max"], 100);
    let effective = desk.kim("GET", "/control/config?effective=true", "", "").body;
    assert!(effective.contains("headers_max = 100"), "{effective}");
    let typo = desk.kim("GET", "/control/rotes", "", "");
    assert!(typo.status == 404 && typo.body.contains("did you mean `routes`?"), "{}", typo.body);
    assert_eq!(desk.kim("DELETE", "/control/routes", "Ondol-Reason: a test\r\n", "").status, 404);
}
