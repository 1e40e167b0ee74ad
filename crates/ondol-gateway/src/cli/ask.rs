//! Asking a running gateway over its own port.

use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use serde_json::Value;

/// How long an answer may take.
const WAIT: Duration = Duration::from_secs(30);

/// Which gateway, and who asks.
#[derive(Debug, Clone, Args)]
pub(super) struct At {
    /// The gateway's `admin` port.
    #[arg(long, env = "ONDOL_GATEWAY_ADMIN", default_value = "127.0.0.1:8081", global = true)]
    at: String,
    /// A file with a token that the gateway knows.
    #[arg(long, env = "ONDOL_GATEWAY_TOKEN_FILE", global = true)]
    token_file: Option<PathBuf>,
}

/// What it said.
pub(super) struct Told {
    pub(super) tag: Option<String>,
    pub(super) body: String,
}

/// What is asked.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Question<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) if_match: Option<&'a str>,
    pub(super) reason: Option<&'a str>,
    pub(super) body: &'a str,
}

impl At {
    /// Looks at something.
    pub(super) fn see(&self, what: &str) -> anyhow::Result<Told> {
        let path = format!("/control/{what}");
        self.ask(&Question { method: "GET", path: &path, ..Question::default() })
    }

    /// Asks, and takes nothing but a good answer.
    pub(super) fn ask(&self, question: &Question<'_>) -> anyhow::Result<Told> {
        let (head, body) = self.exchange(question)?;
        let status: u16 = head.get(9..12).and_then(|status| status.parse().ok()).unwrap_or(0);
        if (200..300).contains(&status) {
            let tag = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("etag").then(|| value.trim().to_owned())
            });
            return Ok(Told { tag, body });
        }
        bail!("{}", refused(status, &body));
    }

    fn exchange(&self, question: &Question<'_>) -> anyhow::Result<(String, String)> {
        let Question { method, path, if_match, reason, body } = question;
        let at = self.at.trim_start_matches("http://").trim_end_matches('/');
        let mut addresses = at.to_socket_addrs().with_context(|| format!("`--at {at}`"))?;
        let address = addresses.next().with_context(|| format!("`{at}` has no address"))?;
        let unreachable = || format!("no gateway answers at {at}: is that its `admin` port?");
        let mut stream = TcpStream::connect_timeout(&address, WAIT).with_context(unreachable)?;
        stream.set_read_timeout(Some(WAIT))?;
        stream.set_write_timeout(Some(WAIT))?;
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\n");
        for (name, value) in [("If-Match", *if_match), ("Ondol-Reason", *reason)] {
            if let Some(value) = value {
                if value.chars().any(char::is_control) {
                    bail!("`{value}` is not of one line");
                }
                head.push_str(&format!("{name}: {value}\r\n"));
            }
        }
        if let Some(file) = &self.token_file {
            let token = std::fs::read_to_string(file);
            let token = token.with_context(|| format!("{} cannot be read", file.display()))?;
            head.push_str(&format!("Authorization: Bearer {}\r\n", token.trim()));
        }
        head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
        stream.write_all(head.as_bytes())?;
        stream.write_all(body.as_bytes())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).with_context(unreachable)?;
        let answer = String::from_utf8_lossy(&answer);
        let (head, body) = answer.split_once("\r\n\r\n").with_context(unreachable)?;
        Ok((head.to_owned(), body.to_owned()))
    }
}

/// What a person is told about a refusal.
fn refused(status: u16, body: &str) -> String {
    let told: Value = serde_json::from_str(body).unwrap_or_default();
    let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
    let mut said = format!("{} ({status}, {}): {}", text("title"), text("code"), text("detail"));
    if status == 401 {
        said.push_str("; `--token-file FILE`, or ONDOL_GATEWAY_TOKEN_FILE, names one");
    }
    if status == 404 && told["detail"].is_null() {
        said = "the gateway does not know this: its configuration has no `control`?".to_owned();
    }
    for finding in told["findings"].as_array().into_iter().flatten() {
        let message = finding["message"].as_str().unwrap_or_default();
        said.push_str(&format!("\n{}:{}: {message}", finding["line"], finding["column"]));
    }
    said
}
