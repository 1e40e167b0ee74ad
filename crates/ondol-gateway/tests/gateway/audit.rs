//! What is written down of requests and answers, and what raises an alarm.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ondol_doors::{Clock, SystemClock};
use ondol_gateway::{Config, verify_lines};

use super::rig::{Reply, Rig, Upstream, until};

/// A folder of the test's own.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ondol-audit-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("audit.jsonl")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

fn lines(file: &Path) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

fn text(upstream: &Upstream, folder: &Folder, log: &str, route: &str, more: &str) -> String {
    format!(
        "[backends.one]\nendpoints = [\"http://{}\"]\n\
         [audits.bank]\nfile = \"{}\"\n{log}\n\
         [routes.pay]\npath = \"/pay/*\"\nto = \"one\"\naudit = {{ to = \"bank\"{route} }}\n\
         [routes.rest]\nto = \"one\"\n{more}",
        upstream.address,
        folder.file().display()
    )
}

fn post(rig: &Rig, target: &str, headers: &str, body: &str) -> Reply {
    let length = body.len();
    let request = format!(
        "POST {target} HTTP/1.1\r\nHost: bank.test\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    );
    Reply::of(&rig.send(request.as_bytes(), usize::MAX))
}

fn json_upstream() -> Upstream {
    Upstream::answering(|received, stream| {
        let status = if received.head.contains("/pay/not") { 422 } else { 200 };
        let body = r#"{"ok":true,"mail":"kim@bank.kr","iban":"x","Set":1.10}"#;
        let head = "Content-Type: application/json\r\nSet-Cookie: s=secret-cookie\r\n";
        let length = body.len();
        write!(stream, "HTTP/1.1 {status} X\r\n{head}Content-Length: {length}\r\n\r\n{body}")
            .is_ok()
    })
}

#[test]
fn what_is_asked_and_answered_is_written_down_masked() {
    let (upstream, folder) = (json_upstream(), Folder::new("masked"));
    let log = "mask = { fields = [\"$.iban\", \"$..name\"], headers = [\"x-person\"], query = [\"who\"], patterns = [\"card\", \"email\", \"phone\", \"address\"] }";
    let rig = Rig::start(&text(&upstream, &folder, log, "", ""));
    let body = r#"{"amount":12345678901234567890.10,"card":"4111 1111 1111 1111","to":{"name":"Lee"},"phone":"010-1234-5678"}"#;
    let headers = "Authorization: Bearer very-secret\r\nX-Person: Kim\r\nX-Note: call 010-1234-5678\r\nCookie: a=very-secret\r\n";
    let reply =
        post(&rig, "/pay/7?who=Kim&mail=kim%40bank.kr&token=very-secret&n=1", headers, body);
    assert_eq!(reply.status, 200);
    rig.get("/other", "");
    until("it is written", || !lines(&folder.file()).is_empty());
    let written = std::fs::read_to_string(folder.file()).expect("the log");
    for secret in ["very-secret", "4111 1111", "Lee", "Kim", "kim@", "1234-5678", "secret-cookie"] {
        assert!(!written.contains(secret), "{secret} in {written}");
    }
    let all = lines(&folder.file());
    assert_eq!(all.len(), 1, "the other route is not written down");
    let line = &all[0];
    assert_eq!((&line["route"], &line["status"]), (&"pay".into(), &200.into()));
    assert_eq!((&line["path"], &line["client"]), (&"/pay/7".into(), &"127.0.0.0/24".into()));
    assert_eq!(line["query"], "who=***&mail=***&token=***&n=1");
    assert_eq!(line["request"]["headers"]["authorization"], "***");
    assert_eq!(line["request"]["body"]["card"], "***1111");
    assert!(written.contains("\"amount\":12345678901234567890.10"), "numbers keep their digits");
    assert_eq!((&line["answer"]["body"]["iban"], &line["complete"]), (&"***".into(), &true.into()));
    let counted = "ondol_gateway_audit_lines_total{audit=\"bank\"}";
    until("it is counted, once it is on the disk", || rig.metric(counted) == Some(1));
}

#[test]
fn every_request_is_written_down_whatever_becomes_of_it() {
    let (upstream, folder) = (json_upstream(), Folder::new("every"));
    let more = "body_bytes_max = 40";
    let config = text(&upstream, &folder, "", ", body_bytes_max = 30", "");
    let rig =
        Rig::start(&config.replace("path = \"/pay/*\"\n", &format!("path = \"/pay/*\"\n{more}\n")));
    assert_eq!(post(&rig, "/pay/1", "", "{}").status, 200);
    assert_eq!(post(&rig, "/pay/2", "", &format!("\"{}\"", "x".repeat(50))).status, 413);
    assert_eq!(post(&rig, "/pay/3", "", "no json").status, 200);
    rig.send(b"GET /pay/4 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 1000);
    until("all are written", || lines(&folder.file()).len() == 4);
    let all = lines(&folder.file());
    let reasons: Vec<_> =
        all.iter().map(|line| line["reason"].as_str().unwrap_or_default()).collect();
    assert_eq!(reasons, ["", "gateway-body-too-large", "", ""]);
    assert_eq!(all[2]["request"]["left_out"], "not JSON");
    assert_eq!(all[0]["answer"]["left_out"], "too long");
    let chained = verify_lines(&[folder.file()]).expect("a chain");
    assert_eq!(chained.0, 4);
    let text = std::fs::read_to_string(folder.file()).expect("the log");
    std::fs::write(folder.file(), text.replace("\"status\":413", "\"status\":200"))
        .expect("changed");
    let error = verify_lines(&[folder.file()]).expect_err("changed").to_string();
    assert!(error.starts_with("line 2 of"), "{error}");
}

#[test]
fn who_cannot_be_written_down_is_refused_or_counted_as_configured() {
    for (when_full, status) in [("refuse", 503), ("drop", 200)] {
        let slow = Upstream::answering(|received, stream| {
            if received.head.contains("/pay/slow") {
                std::thread::park_timeout(Duration::from_millis(400));
            }
            super::rig::say(stream, "{}")
        });
        let folder = Folder::new(when_full);
        let log = format!("waiting_max = 1\nwhen_full = \"{when_full}\"");
        let rig = Rig::start(&text(&slow, &folder, &log, "", ""));
        std::thread::scope(|scope| {
            let asking = scope.spawn(|| post(&rig, "/pay/slow", "", "{}"));
            until("one is under way", || !slow.received().is_empty());
            let second = post(&rig, "/pay/7", "", "{}");
            assert_eq!(second.status, status, "{when_full}");
            assert_eq!(second.body.contains("gateway-audit-full"), status == 503);
            assert_eq!(asking.join().expect("an answer").status, 200);
        });
        until("there is room again", || !lines(&folder.file()).is_empty());
        assert_eq!(post(&rig, "/pay/8", "", "{}").status, 200);
        until("it is written", || lines(&folder.file()).len() == 2);
        let dropped = rig.metric("ondol_gateway_audit_dropped_total{audit=\"bank\"}");
        assert_eq!(dropped, Some(u64::from(when_full == "drop")));
        let asked = slow.received();
        assert_eq!(asked.iter().any(|it| it.head.contains("/pay/7")), status == 200);
    }
}

#[test]
fn a_log_goes_on_where_it_was_and_keeps_so_many_files() {
    let (upstream, folder) = (json_upstream(), Folder::new("rotated"));
    let config = text(&upstream, &folder, "file_bytes_max = 1500\nfiles_max = 2", "", "");
    for round in 0..2 {
        let rig = Rig::start(&config);
        for number in 0..6 {
            post(&rig, &format!("/pay/{round}-{number}"), "", "{}");
        }
    }
    // What a crash has cut off.
    let mut file = std::fs::OpenOptions::new().append(true).open(folder.file()).expect("the log");
    file.write_all(b"{\"n\":13,\"ti").expect("half a line");
    drop(file);
    let rig = Rig::start(&config);
    post(&rig, "/pay/last", "", "{}");
    drop(rig);
    let mut files: Vec<_> = std::fs::read_dir(&folder.0)
        .expect("the folder")
        .map(|entry| entry.expect("a file").path())
        .filter(|path| *path != folder.file())
        .collect();
    files.sort_by_key(|path| {
        let number = path.extension().and_then(|it| it.to_str()?.parse::<u32>().ok());
        number.expect("a number")
    });
    assert_eq!(files.len(), 2, "{files:?}");
    files.push(folder.file());
    let numbers: Vec<_> =
        files.iter().flat_map(|file| lines(file)).map(|it| it["n"].as_u64().expect("n")).collect();
    let first = numbers[0];
    assert_eq!(numbers, (first..=13).collect::<Vec<_>>(), "nothing twice and nothing missing");
    let (count, _) = verify_lines(&files).expect("one chain through all files");
    assert_eq!(count, 14 - first);
}

#[test]
fn two_processes_do_not_write_one_log() {
    let (upstream, folder) = (json_upstream(), Folder::new("held"));
    let config = text(&upstream, &folder, "", "", "");
    let _rig = Rig::start(&config);
    let config = format!("listen = [\"127.0.0.1:0\"]\nworkers = 1\n{config}");
    let config = Config::read("gateway.toml", &config).expect("good");
    let second = ondol_gateway::Gateway::new(config).err().expect("it is held");
    assert!(format!("{second:?}").contains("another process"), "{second:?}");
}

#[test]
fn a_suspicious_request_raises_an_alarm_within_a_second() {
    let (upstream, pager) = (json_upstream(), Upstream::saying("ok"));
    let folder = Folder::new("alarm");
    let secret = folder.0.join("secret");
    std::fs::write(&secret, "between-us\n").expect("a secret");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&secret, mode).expect("a secret of one's own");
    let more = format!(
        "[backends.pager]\nendpoints = [\"http://{}\"]\n\
         [alerts.large]\nroute = \"pay\"\nwhen = [{{ field = \"request:/amount\", above = \"10000000\" }}]\n\
         quiet = \"1h\"\nwebhook = {{ to = \"pager\", path = \"/hooks\", secret_file = \"{}\" }}\n\
         [alerts.guessing]\nwhen = [{{ field = \"status\", is = [\"422\"] }}]\ncount = 3\nby = \"header:x-user\"\n",
        pager.address,
        secret.display()
    );
    let rig = Rig::start(&text(&upstream, &folder, "", "", &more));
    assert_eq!(post(&rig, "/pay/1", "", r#"{"amount":10000000}"#).status, 200);
    let clock = SystemClock::start();
    assert_eq!(post(&rig, "/pay/2", "", r#"{"amount":10000000.01}"#).status, 200);
    until("someone is told", || !pager.received().is_empty());
    assert!(clock.running() < Duration::from_secs(1), "{:?}", clock.running());
    assert_eq!(rig.metric("ondol_gateway_alerts_total{alert=\"large\"}"), Some(1));
    let told = pager.received().remove(0);
    assert!(told.head.starts_with("POST /hooks HTTP/1.1"), "{}", told.head);
    let signature = told.header("ondol-signature").expect("a signature");
    let (time, hex) = signature.split_once(",v1=").expect("two parts");
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, b"between-us");
    let signed = [time.trim_start_matches("t=").as_bytes(), b".", &told.body].concat();
    let tag: String = aws_lc_rs::hmac::sign(&key, &signed)
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(hex, tag);
    let body: serde_json::Value = serde_json::from_slice(&told.body).expect("JSON");
    assert_eq!((&body["alert"], &body["status"]), (&"large".into(), &200.into()));
    assert_eq!(told.header("idempotency-key"), body["id"].as_str());
    for user in ["kim", "lee", "kim", "lee", "kim"] {
        post(&rig, "/pay/not", &format!("X-User: {user}\r\n"), "{}");
    }
    let guessing = "ondol_gateway_alerts_total{alert=\"guessing\"}";
    until("kim has guessed three times", || rig.metric(guessing) == Some(1));
    post(&rig, "/pay/3", "", r#"{"amount":99999999}"#);
    until("all are written", || lines(&folder.file()).len() == 8);
    assert_eq!(pager.received().len(), 1, "the alarm is quiet for a while");
}

#[test]
fn a_log_or_an_alarm_that_does_nothing_is_found_in_the_file() {
    let audits = "[audits.a]\nfile = \"/tmp/x\"\n";
    let routes = "[routes.r]\nrespond = { status = 200 }\n";
    let written = "[routes.r]\nrespond = { status = 200 }\naudit = { to = \"a\" }\n";
    for (text, what) in [
        (format!("{audits}{routes}"), "no route is written down in it"),
        (
            format!("{audits}{}", written.replace("\"a\"", "\"aa\"")),
            "there is no audit `aa`; did you mean `a`",
        ),
        (format!("{audits}mask = {{ fields = [\"x\"] }}\n{written}"), "a place is like"),
        (format!("{audits}waiting_max = 0\n{written}"), "there is room for nothing"),
        (format!("{routes}[alerts.x]\n"), "no route is written down, so it is never raised"),
        (format!("{audits}{written}[alerts.x]\nroute = \"q\"\n"), "there is no route `q`"),
        (
            format!("{audits}{written}[alerts.x]\nwhen = [{{ field = \"statsu\", is = \"1\" }}]\n"),
            "did you mean `status`",
        ),
        (
            format!("{audits}{written}[alerts.x]\nwhen = [{{ field = \"status\" }}]\n"),
            "is held against nothing",
        ),
        (
            format!(
                "{audits}{written}[alerts.x]\nwhen = [{{ field = \"status\", above = \"x\" }}]\n"
            ),
            "`x` is not a number",
        ),
        (format!("{audits}{written}[alerts.x]\ncount = 0\n"), "it is between 1 and"),
    ] {
        let found = Config::read("gateway.toml", &text).expect_err(&text).to_string();
        assert!(found.contains(what), "{found}");
    }
}
