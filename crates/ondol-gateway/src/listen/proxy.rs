//! The PROXY header of a trusted balancer: who the client really is.
//!
//! Version 1 (text) and 2 (binary). Where it is expected it must be there; where it is not, it is
//! what it looks like to HTTP: nonsense.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// The longest line of version 1.
const LINE_BYTES_MAX: usize = 107;
/// More than this is not read of a header of version 2: addresses and a few extras.
const EXTRA_BYTES_MAX: usize = 2048;

/// What a header says: an address, or nothing (the balancer itself is asking).
pub(crate) type Said = Option<SocketAddr>;

/// Reads the header off a connection, and not a byte more.
pub(crate) async fn read_header(stream: &mut TcpStream) -> io::Result<Said> {
    let mut start = [0; 12];
    stream.read_exact(&mut start).await?;
    if start == *SIGNATURE {
        return read_binary(stream).await;
    }
    let mut line = start.to_vec();
    while !line.ends_with(b"\r\n") {
        if line.len() >= LINE_BYTES_MAX {
            return Err(wrong());
        }
        line.push(stream.read_u8().await?);
    }
    read_line(&line).ok_or_else(wrong)
}

fn wrong() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "this is not a PROXY header")
}

/// `PROXY TCP4 source destination port port`.
pub(crate) fn read_line(line: &[u8]) -> Option<Said> {
    let line = std::str::from_utf8(line.strip_suffix(b"\r\n")?).ok()?;
    let mut words = line.split(' ');
    if words.next()? != "PROXY" {
        return None;
    }
    let family = words.next()?;
    if family == "UNKNOWN" {
        return Some(None);
    }
    let (source, destination): (IpAddr, IpAddr) =
        (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let ports = (read_port(words.next()?)?, read_port(words.next()?)?);
    let fits = match family {
        "TCP4" => source.is_ipv4() && destination.is_ipv4(),
        "TCP6" => source.is_ipv6() && destination.is_ipv6(),
        _ => false,
    };
    (fits && words.next().is_none()).then(|| Some(SocketAddr::new(source, ports.0)))
}

/// Digits and nothing else: to a parser of numbers, `+80` is one as well.
fn read_port(text: &str) -> Option<u16> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok())?
}

async fn read_binary(stream: &mut TcpStream) -> io::Result<Said> {
    let mut head = [0; 4];
    stream.read_exact(&mut head).await?;
    let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
    if length > EXTRA_BYTES_MAX {
        return Err(wrong());
    }
    let mut rest = vec![0; length];
    stream.read_exact(&mut rest).await?;
    read_addresses(head[0], head[1], &rest).ok_or_else(wrong)
}

/// The addresses of version 2.
pub(crate) fn read_addresses(version: u8, family: u8, rest: &[u8]) -> Option<Said> {
    match (version, family) {
        (0x20, _) | (0x21, 0x00) => Some(None),
        (0x21, 0x11) => {
            let source: [u8; 4] = rest.get(..4)?.try_into().ok()?;
            let port = u16::from_be_bytes(rest.get(8..10)?.try_into().ok()?);
            rest.get(..12)?;
            Some(Some(SocketAddr::new(Ipv4Addr::from(source).into(), port)))
        }
        (0x21, 0x21) => {
            let source: [u8; 16] = rest.get(..16)?.try_into().ok()?;
            let port = u16::from_be_bytes(rest.get(32..34)?.try_into().ok()?);
            rest.get(..36)?;
            Some(Some(SocketAddr::new(Ipv6Addr::from(source).into(), port)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
