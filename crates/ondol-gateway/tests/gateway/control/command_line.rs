//! The same from the command line.

use std::io::Write as _;
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::super::certificates::Folder;
use super::super::program::{free, start};
use super::super::rig::{Reply, Upstream, send};
use super::{TOKEN, head};

struct Shell {
    folder: Folder,
    admin: String,
}

impl Shell {
    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ondol-gateway"));
        command.args(arguments).args(["--at", &self.admin]);
        command.args(["--token-file", &self.folder.file("kim.token")]);
        command.output().expect("the program")
    }

    fn good(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {said}");
        String::from_utf8(output.stdout).expect("words")
    }

    fn bad(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(!output.status.success(), "{arguments:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }
}

#[test]
fn a_gateway_that_runs_is_looked_at_steered_and_changed_by_verbs() {
    let folder = Folder::new("control-verbs");
    let (old, new) = (Upstream::saying("old"), Upstream::saying("new"));
    let (at, admin) = (free(), free());
    let head = head(&folder)
        .replace("listen = [\"127.0.0.1:0\"]", &format!("listen = [\"{at}\"]"))
        .replace("admin = \"127.0.0.1:0\"", &format!("admin = \"{admin}\""));
    let text = head
        + &format!(
            "[backends.old]\nendpoints = [\"http://{}\"]\nbreaker = {{ failures_in_a_row = 5 }}\n[backends.new]\nendpoints = [\"http://{}\"]\n\
             [routes.canary]\npath = \"/canary\"\ncanary = {{ from = \"old\", to = \"new\" }}\n\
             [routes.two]\npath = \"/two\"\nblue_green = {{ blue = \"old\", green = \"new\", active = \"blue\" }}\n",
            old.address, new.address
        );
    folder.write("gateway.toml", &text);
    let _running = start(&["run", &folder.file("gateway.toml")], at);
    let shell = Shell { folder, admin: admin.to_string() };
    let said = |path: &str| {
        let ask = format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        Reply::of(&send(at, ask.as_bytes(), usize::MAX)).body
    };
    let canary = |verb: &[&str]| {
        let all = [&["control", "canary"], verb, &["canary", "--reason", "a test"]].concat();
        let told: Value = serde_json::from_str(&shell.good(&all)).expect("JSON");
        told["after"]["percent"].as_u64()
    };
    assert_eq!(canary(&["freeze"]), Some(10));
    assert_eq!(canary(&["thaw"]), Some(10));
    assert_eq!(canary(&["force", "--step", "100"]), Some(100));
    assert_eq!(said("/canary"), "new");
    assert_eq!(canary(&["roll-back"]), Some(0));
    assert_eq!(canary(&["restart"]), Some(10));
    shell.good(&["control", "switch", "two", "green", "--reason", "a test"]);
    assert_eq!(said("/two"), "new");
    let breaker = shell.good(&["control", "breaker", "old", "open", "--reason", "a test"]);
    assert!(breaker.contains("forced-open"), "{breaker}");
    shell.good(&["control", "breaker", "old", "auto", "--reason", "a test"]);
    let last = format!("http://{}", old.address);
    let refused = shell.bad(&["control", "drain", "old", &last, "--reason", "a test"]);
    assert!(refused.contains("last instance"), "{refused}");

    let next = text.clone()
        + "[routes.more]\npath = \"/more\"\nrespond = { status = 200, body = \"more\" }\n";
    shell.folder.write("next.toml", &next);
    let file = shell.folder.file("next.toml");
    let dry = shell.good(&["control", "apply", &file, "--dry-run", "--reason", "a test"]);
    assert!(dry.contains("routes.more.path"), "{dry}");
    assert_ne!(said("/more"), "more");
    shell.good(&["control", "apply", &file, "--reason", "a test"]);
    assert_eq!(said("/more"), "more");
    assert_eq!(canary(&["freeze"]), Some(10), "what was steered is as it was");
    let stale =
        shell.bad(&["control", "apply", &file, "--if-match", "\"1-0\"", "--reason", "a test"]);
    assert!(stale.contains("gateway-control-precondition"), "{stale}");
    shell.good(&["control", "back-to", "1", "--reason", "a test"]);
    assert_ne!(said("/more"), "more");
    assert_eq!(shell.good(&["control", "show", "config"]), text);
    shell.folder.write("next.toml", "[routes.a]\nto = \"nobody\"\n");
    let wrong = shell.bad(&["control", "apply", &file, "--reason", "a test"]);
    assert!(wrong.contains("nobody"), "{wrong}");
}

#[test]
fn top_shows_a_screen_and_figures_and_no_colours_where_there_is_no_terminal() {
    let folder = Folder::new("top");
    let upstream = Upstream::start();
    let (at, admin) = (free(), free());
    let text = head(&folder)
        .replace("listen = [\"127.0.0.1:0\"]", &format!("listen = [\"{at}\"]"))
        .replace("admin = \"127.0.0.1:0\"", &format!("admin = \"{admin}\""))
        + &format!(
            "[backends.one]\nendpoints = [\"http://{}\"]\nbreaker = {{ failures_in_a_row = 5 }}\n[routes.accounts]\nto = \"one\"\n",
            upstream.address
        );
    folder.write("gateway.toml", &text);
    let _running = start(&["run", &folder.file("gateway.toml")], at);
    let shell = Shell { folder, admin: admin.to_string() };
    let screen = shell.good(&["top", "--once", "--every-ms", "100"]);
    assert!(screen.contains("accounts") && screen.contains("closed"), "{screen}");
    assert!(!screen.contains('\u{1b}'), "{screen}");
    let figures = shell.good(&["top", "--once", "--every-ms", "100", "--output", "json"]);
    let figures: Value = serde_json::from_str(&figures).expect("JSON");
    assert_eq!(figures["routes"][0]["name"], json!("accounts"));
    assert_eq!(figures["backends"][0]["breaker"], json!("closed"));
    std::fs::write(shell.folder.file("kim.token"), "another-0123456789abcdef").expect("a file");
    shell.folder.write("other.token", TOKEN);
    // The gateway looks at the file each time, so the old one is no longer known.
    let old = Command::new(env!("CARGO_BIN_EXE_ondol-gateway"))
        .args([
            "top",
            "--once",
            "--at",
            &shell.admin,
            "--token-file",
            &shell.folder.file("other.token"),
        ])
        .output()
        .expect("the program");
    assert!(String::from_utf8_lossy(&old.stderr).contains("gateway-control-unauthorised"));
}

#[test]
fn stored_answers_are_let_go_of_by_address_below_a_path_by_tag_of_a_route_and_all() {
    let folder = Folder::new("control-purge");
    let asked = Arc::new(AtomicUsize::new(0));
    let counting = Arc::clone(&asked);
    let upstream = Upstream::answering(move |received, stream| {
        counting.fetch_add(1, Ordering::SeqCst);
        let tag = if received.head.contains("/a/1") { "one" } else { "other" };
        let answer = format!("HTTP/1.1 200 OK\r\nCache-Tag: {tag}\r\nContent-Length: 2\r\n\r\nok");
        stream.write_all(answer.as_bytes()).is_ok()
    });
    let (at, admin) = (free(), free());
    let route = |name: &str| {
        format!(
            "[routes.{name}]\npath = \"/{name}/*\"\nto = \"one\"\ncache = {{ fresh = \"1h\" }}\n"
        )
    };
    let text = head(&folder)
        .replace("listen = [\"127.0.0.1:0\"]", &format!("listen = [\"{at}\"]"))
        .replace("admin = \"127.0.0.1:0\"", &format!("admin = \"{admin}\""))
        + &format!("[backends.one]\nendpoints = [\"http://{}\"]\n", upstream.address)
        + &route("a")
        + &route("b");
    folder.write("gateway.toml", &text);
    let _running = start(&["run", &folder.file("gateway.toml")], at);
    let shell = Shell { folder, admin: admin.to_string() };
    let paths = ["/a/1", "/a/2", "/b/1"];
    // Which of them were not stored any more.
    let gone = || {
        let mut gone = Vec::new();
        for path in paths {
            let before = asked.load(Ordering::SeqCst);
            let ask = format!("GET {path} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n");
            send(at, ask.as_bytes(), usize::MAX);
            if asked.load(Ordering::SeqCst) > before {
                gone.push(path);
            }
        }
        gone
    };
    let purge = |what: &[&str]| {
        let all = [&["control", "purge"], what, &["--reason", "a test"]].concat();
        let told: Value = serde_json::from_str(&shell.good(&all)).expect("JSON");
        told["change"]["purged"].as_u64()
    };
    assert_eq!(gone(), paths);
    assert_eq!(gone(), [""; 0]);
    assert_eq!(purge(&["--url", "http://shop/a/1"]), Some(1));
    assert_eq!(gone(), ["/a/1"]);
    assert_eq!(purge(&["--below", "/a"]), Some(2));
    assert_eq!(gone(), ["/a/1", "/a/2"]);
    assert_eq!(purge(&["--tag", "one"]), Some(1));
    assert_eq!(gone(), ["/a/1"]);
    assert_eq!(purge(&["--everything", "--route", "b"]), Some(1));
    assert_eq!(gone(), ["/b/1"]);
    assert_eq!(purge(&["--everything"]), Some(3));
    assert_eq!(gone(), paths);
    let nothing = shell.bad(&["control", "purge", "--reason", "a test"]);
    assert!(nothing.contains("gateway-control-"), "{nothing}");
    assert_eq!(gone(), [""; 0], "what is not said is not let go of");
}
