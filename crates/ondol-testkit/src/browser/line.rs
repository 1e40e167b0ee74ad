//! The line to a browser: its process, and what is said over the DevTools protocol.

use std::collections::VecDeque;
use std::fs;
use std::io::ErrorKind;
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tungstenite::stream::MaybeTlsStream;
use tungstenite::{Error, Message, WebSocket};

use super::BrowserError;
use crate::servers::StartError;
use crate::servers::home::{Home, cannot};
use crate::servers::user::User;
use crate::servers::wait::wait_for;

/// How long the program may take to come up, on a busy machine.
const READY_MAX: Duration = Duration::from_secs(60);
/// How long it may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(60);
/// How many events are kept for whoever waits for one.
const EVENTS_MAX: usize = 10_000;

/// The line to a browser.
#[derive(Debug)]
pub(super) struct Line {
    socket: WebSocket<MaybeTlsStream<TcpStream>>,
    session: String,
    asked: u64,
    events: VecDeque<String>,
    _home: Home,
}

impl Line {
    pub(super) fn open() -> Result<Self, BrowserError> {
        let home = started()?;
        let port = home.folder().join("profile/DevToolsActivePort");
        let told = fs::read_to_string(port).map_err(cannot("read the browser's port"))?;
        let (port, path) = told.split_once('\n').unwrap_or_default();
        let address = format!("ws://127.0.0.1:{port}{}", path.trim());
        let (socket, _answer) = tungstenite::connect(address).map_err(broken)?;
        if let MaybeTlsStream::Plain(stream) = socket.get_ref() {
            stream.set_read_timeout(Some(ANSWER_MAX)).map_err(broken)?;
        }
        let events = VecDeque::new();
        let mut line = Self { socket, session: String::new(), asked: 0, events, _home: home };
        let window = line.ask("Target.createTarget", &json!({ "url": "about:blank" }))?;
        let attach = json!({ "targetId": window["targetId"], "flatten": true });
        let attached = line.ask("Target.attachToTarget", &attach)?;
        attached["sessionId"].as_str().unwrap_or_default().clone_into(&mut line.session);
        Ok(line)
    }

    /// Has it do something, and hears what came of it.
    pub(super) fn ask(&mut self, command: &str, with: &Value) -> Result<Value, BrowserError> {
        self.asked += 1;
        let mut question = json!({ "id": self.asked, "method": command, "params": with });
        if !self.session.is_empty() {
            question["sessionId"] = Value::from(self.session.as_str());
        }
        self.socket.send(Message::text(question.to_string())).map_err(broken)?;
        loop {
            let mut heard = self.hear()?;
            if heard["id"] != self.asked {
                continue;
            }
            return match heard.get("error") {
                None => Ok(heard["result"].take()),
                Some(error) => {
                    let (command, said) = (command.to_owned(), error.to_string());
                    Err(BrowserError::Refused { command, said })
                }
            };
        }
    }

    /// Nothing that has happened so far counts.
    pub(super) fn forget_events(&mut self) {
        self.events.clear();
    }

    /// Waits until something has happened.
    #[expect(clippy::disallowed_methods, reason = "a browser lives in real time")]
    pub(super) fn wait_for(&mut self, event: &str, within: Duration) -> Result<(), BrowserError> {
        let began = Instant::now();
        loop {
            while let Some(happened) = self.events.pop_front() {
                if happened == event {
                    return Ok(());
                }
            }
            if began.elapsed() > within {
                return Err(BrowserError::Line(format!("{event} has not come")));
            }
            self.hear()?;
        }
    }

    fn hear(&mut self) -> Result<Value, BrowserError> {
        loop {
            let text = match self.socket.read() {
                Ok(Message::Text(text)) => text,
                Ok(_other) => continue,
                // Nothing was read: the machine was stopped for a moment, and goes on.
                Err(Error::Io(error)) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(broken(error)),
            };
            let heard: Value = serde_json::from_str(&text).map_err(broken)?;
            if let Some(event) = heard["method"].as_str() {
                if self.events.len() == EVENTS_MAX {
                    self.events.pop_front();
                }
                self.events.push_back(event.to_owned());
            }
            return Ok(heard);
        }
    }
}

/// The program, once it can be talked to.
fn started() -> Result<Home, StartError> {
    const WHAT: &str = "Chromium";
    let program = Path::new("/usr/bin/chromium");
    if !program.exists() {
        return Err(StartError::Missing { what: WHAT, package: "chromium" });
    }
    let user = User::for_servers().map_err(cannot("find an ordinary user"))?;
    let mut home = Home::new("TERM", user).map_err(cannot("make the browser's folder"))?;
    let profile = home.folder().join("profile");
    let place = format!("--user-data-dir={}", profile.display());
    let args = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--no-proxy-server",
        "--hide-scrollbars",
        "--remote-debugging-port=0",
        place.as_str(),
        "about:blank",
    ];
    home.start(program, args).map_err(cannot("start the browser"))?;
    let port = profile.join("DevToolsActivePort");
    let is_told = || fs::read_to_string(&port).is_ok_and(|told| told.contains('\n'));
    let ready = wait_for(READY_MAX, || match is_told() {
        true => Some(true),
        false => (!home.is_running()).then_some(false),
    });
    match ready {
        Some(true) => Ok(home),
        Some(false) => Err(StartError::Stopped { what: WHAT, log: home.log_tail() }),
        None => Err(StartError::Silent { what: WHAT, limit: READY_MAX, log: home.log_tail() }),
    }
}

fn broken(error: impl std::fmt::Display) -> BrowserError {
    BrowserError::Line(error.to_string())
}

/// What stands in base64.
pub(super) fn bytes(text: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}
