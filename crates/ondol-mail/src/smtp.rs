//! As much of SMTP (RFC 5321) as it takes to hand a letter to a mail server of the same machine.

use std::net::SocketAddr;
use std::time::Duration;

use ondol_doors::Clock;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

/// How long the whole conversation may take.
const WITHIN: Duration = Duration::from_secs(30);
/// How many bytes an answer may have.
const ANSWER_BYTES_MAX: u64 = 16 * 1024;

/// Why a letter was not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SmtpError {
    #[error("the mail server cannot be reached, or has hung up: {0}")]
    Server(std::io::Error),
    #[error("the mail server has not answered in time")]
    TooSlow,
    #[error("the mail server has refused a letter: {said}")]
    Refused { said: String, is_final: bool },
    #[error("a letter cannot be read or removed: {0}")]
    Letter(std::io::Error),
}

/// A mail server.
pub(crate) struct Smtp<'a> {
    server: SocketAddr,
    clock: &'a dyn Clock,
}

impl<'a> Smtp<'a> {
    pub(crate) const fn new(server: SocketAddr, clock: &'a dyn Clock) -> Self {
        Self { server, clock }
    }

    /// Has it take a letter.
    pub(crate) async fn take(&self, from: &str, to: &str, letter: &[u8]) -> Result<(), SmtpError> {
        tokio::select! {
            taken = self.talk(from, to, letter) => taken,
            () = self.clock.sleep(WITHIN) => Err(SmtpError::TooSlow),
        }
    }

    async fn talk(&self, from: &str, to: &str, letter: &[u8]) -> Result<(), SmtpError> {
        let stream = TcpStream::connect(self.server).await.map_err(SmtpError::Server)?;
        let mut talk = Talk(BufReader::new(stream));
        let utf8 = if from.is_ascii() && to.is_ascii() { "" } else { " SMTPUTF8" };
        talk.hear(2).await?;
        talk.say("EHLO localhost", 2).await?;
        talk.say(&format!("MAIL FROM:<{from}>{utf8}"), 2).await?;
        talk.say(&format!("RCPT TO:<{to}>"), 2).await?;
        talk.say("DATA", 3).await?;
        talk.send(&stuffed(letter)).await?;
        talk.hear(2).await?;
        talk.say("QUIT", 2).await
    }
}

struct Talk(BufReader<TcpStream>);

impl Talk {
    async fn say(&mut self, line: &str, wanted: u8) -> Result<(), SmtpError> {
        self.send(format!("{line}\r\n").as_bytes()).await?;
        self.hear(wanted).await
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), SmtpError> {
        self.0.get_mut().write_all(bytes).await.map_err(SmtpError::Server)
    }

    /// Hears an answer whose number begins with this digit.
    async fn hear(&mut self, wanted: u8) -> Result<(), SmtpError> {
        let mut answer = (&mut self.0).take(ANSWER_BYTES_MAX);
        loop {
            let mut line = String::new();
            answer.read_line(&mut line).await.map_err(SmtpError::Server)?;
            match line.as_bytes() {
                [_, _, _, b'-', ..] => {}
                [first, _, _, ..] if *first == b'0' + wanted => return Ok(()),
                bytes => {
                    let is_final = bytes.first() == Some(&b'5');
                    return Err(SmtpError::Refused { said: line.trim().to_owned(), is_final });
                }
            }
        }
    }
}

/// A letter as it stands between `DATA` and its end: a dot at the start of a line is doubled.
fn stuffed(letter: &[u8]) -> Vec<u8> {
    let mut stuffed = Vec::with_capacity(letter.len() + 8);
    for line in letter.split_inclusive(|byte| *byte == b'\n') {
        if line.first() == Some(&b'.') {
            stuffed.push(b'.');
        }
        stuffed.extend(line);
    }
    if !stuffed.ends_with(b"\r\n") {
        stuffed.extend(b"\r\n");
    }
    stuffed.extend(b".\r\n");
    stuffed
}
