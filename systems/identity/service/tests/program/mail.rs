//! Letters, taken by a mail server that runs on this machine.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};

use crate::provider::{Program, token_in};
use crate::visitor::{PASSWORD, Visitor};

const WITHIN: Duration = Duration::from_secs(60);

fn server(port: u16, mails: &Path) -> Child {
    let mut server = Command::new("/usr/bin/python3");
    server.args(["-m", "aiosmtpd", "-n", "-l"]).arg(format!("127.0.0.1:{port}"));
    server.args(["-c", "aiosmtpd.handlers.Mailbox"]).arg(mails);
    server.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    server.spawn().expect("aiosmtpd: `cargo xtask test --only needs` installs it")
}

/// The letters of a folder, once there are so many.
async fn letters(folder: &Path, count: usize) -> Vec<String> {
    let mut looks = tokio::time::interval(Duration::from_millis(20));
    let found = tokio::time::timeout(WITHIN, async {
        loop {
            looks.tick().await;
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            let paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
            if paths.len() >= count {
                let read = |path: &PathBuf| std::fs::read_to_string(path).expect("a letter");
                return paths.iter().map(read).collect();
            }
        }
    });
    found.await.expect("the letters come")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_server_gets_every_letter_once_also_when_it_comes_later() {
    let port = ondol_testkit::servers::free_port().expect("a free port");
    let smtp = format!("smtp = \"127.0.0.1:{port}\"\nmail_from = \"ondol@id.example\"\n");
    let program = Program::start_with("", &smtp).await;
    let mut visitor = Visitor::known(&program, "kim@example.kr", Default::default());
    let page = visitor.get("/register").await;
    let filled = [("name", "Kim"), ("email", "kim@example.kr"), ("password", PASSWORD)];
    assert_eq!(visitor.send(&page, "/register", &filled).await.status, 200);
    let outbox = program.data().join("outbox");
    assert_eq!(std::fs::read_dir(&outbox).expect("it is ours").count(), 1, "it waits");
    let mails = tempfile::tempdir().expect("a folder");
    let place = mails.path().join("box");
    let _server = server(port, &place);
    let first = letters(&place.join("new"), 1).await.remove(0).replace('\n', "\r\n");
    assert!(first.contains("From: Ondol <ondol@id.example>") && first.contains("kim@example.kr"));
    let page = visitor.get(&format!("/verify?token={}", token_in(&first))).await;
    let answer = visitor.send(&page, "/verify", &[]).await;
    assert!(answer.text.contains("is confirmed"), "{}", answer.text);
    let page = visitor.get("/forgotten").await;
    let asked = visitor.send(&page, "/forgotten", &[("email", "kim@example.kr")]).await;
    assert_eq!(asked.status, 200);
    assert_eq!(letters(&place.join("new"), 2).await.len(), 2, "each once");
    let mut looks = tokio::time::interval(Duration::from_millis(20));
    let is_empty = async {
        while std::fs::read_dir(&outbox).expect("it is ours").count() > 0 {
            looks.tick().await;
        }
    };
    tokio::time::timeout(WITHIN, is_empty).await.expect("what was taken lies here no longer");
}
