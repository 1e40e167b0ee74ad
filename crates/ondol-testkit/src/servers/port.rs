//! Free ports that stay free until a server listens on them.
//!
//! Asking the system for a free port and closing it again leaves a moment in which another test,
//! or the near end of any connection that goes out, gets the same port; on a busy machine that
//! happens. So these are taken from below the range that the system gives out by itself, and each
//! is held, by a lock on a file, for as long as the process lives that asked for it.

use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::sync::{Mutex, PoisonError};

/// Servers like to live here, and no connection goes out from here.
const PORTS: std::ops::Range<u16> = 12_000..32_000;

/// What this process holds.
static HELD: Mutex<Vec<File>> = Mutex::new(Vec::new());

/// A port of the loopback on which nobody listens, and that no other test is given meanwhile.
///
/// # Errors
/// When there is none, or the temporary folder cannot be written.
pub fn free_port() -> io::Result<u16> {
    let folder = std::env::temp_dir().join("ondol-ports");
    fs::create_dir_all(&folder)?;
    let count = u32::from(PORTS.end - PORTS.start);
    // Processes that start together begin to look in different places.
    let first = std::process::id().wrapping_mul(7_919) % count;
    for step in 0..count {
        let offset = u16::try_from((first + step) % count).map_err(io::Error::other)?;
        let port = PORTS.start + offset;
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(folder.join(port.to_string()))?;
        if file.try_lock().is_ok() && nobody_listens(port) {
            HELD.lock().unwrap_or_else(PoisonError::into_inner).push(file);
            return Ok(port);
        }
    }
    Err(io::Error::new(io::ErrorKind::AddrInUse, "every port is taken"))
}

/// The same as an address of the loopback.
///
/// # Errors
/// When there is none, or the temporary folder cannot be written.
pub fn free_address() -> io::Result<SocketAddr> {
    Ok((Ipv4Addr::LOCALHOST, free_port()?).into())
}

fn nobody_listens(port: u16) -> bool {
    let address = (Ipv4Addr::LOCALHOST, port);
    TcpListener::bind(address).is_ok() && UdpSocket::bind(address).is_ok()
}

#[cfg(test)]
mod tests;
