//! A question, and the answer to it and no other.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};

use super::message::{Answer, Kind, MessageError, Question};
use crate::start::GatewayHandle;

/// How long a server gets for one answer.
const WAIT: Duration = Duration::from_secs(2);
/// How often it is asked.
const TRIES: u32 = 2;
/// An answer over UDP that we say we can take.
const DATAGRAM_BYTES_MAX: usize = 1232;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(in crate::discovery) enum AskError {
    #[error("there is no server to ask")]
    NoServer,
    #[error("the server cannot be asked")]
    Io(#[from] io::Error),
    #[error("the server did not answer in time")]
    TimedOut,
    #[error("the server's answer cannot be used")]
    Message(#[from] MessageError),
}

/// Asks a server for the records of a name.
pub(super) async fn ask(
    server: SocketAddr,
    name: &str,
    kind: Kind,
    handle: &GatewayHandle,
) -> Result<Answer, AskError> {
    let mut last = AskError::TimedOut;
    for _ in 0..TRIES {
        // 16 bits of a drawn number are the question's id: who cannot see it can only guess.
        let id = u16::try_from(handle.draw() & 0xffff).unwrap_or_default();
        let question = Question::new(id, name, kind, DATAGRAM_BYTES_MAX)?;
        let asked = tokio::select! {
            asked = exchange(server, &question) => asked,
            () = handle.clock().sleep(WAIT) => Err(AskError::TimedOut),
        };
        match asked {
            Ok(answer) => return Ok(answer),
            Err(error) => last = error,
        }
    }
    Err(last)
}

async fn exchange(server: SocketAddr, question: &Question) -> Result<Answer, AskError> {
    let from: SocketAddr = match server {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(from).await?;
    // Connected: what others send does not reach us.
    socket.connect(server).await?;
    socket.send(question.bytes()).await?;
    let mut bytes = [0; DATAGRAM_BYTES_MAX];
    loop {
        let length = socket.recv(&mut bytes).await?;
        match question.answer(&bytes[..length]) {
            // Not an answer to this question: perhaps a late one to another.
            Err(MessageError::Unrelated) => {}
            Err(MessageError::Cut) => return over_tcp(server, question).await,
            answer => return Ok(answer?),
        }
    }
}

async fn over_tcp(server: SocketAddr, question: &Question) -> Result<Answer, AskError> {
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(question.bytes().len()).map_err(|_error| MessageError::Name)?;
    stream.write_all(&length.to_be_bytes()).await?;
    stream.write_all(question.bytes()).await?;
    let length = usize::from(stream.read_u16().await?);
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).await?;
    Ok(question.answer(&bytes)?)
}
