//! E-mails: a letter is a file in an outbox, whole or not at all, until a mail server of the same machine has
//! taken it.
//!
//! Whoever writes one waits for the disk and for no server. A server that is away is asked again; a letter
//! that it will never take is put aside. Where there is no server, letters stay where they are.

mod letter;
mod outbox;
mod smtp;

pub use outbox::Outbox;
