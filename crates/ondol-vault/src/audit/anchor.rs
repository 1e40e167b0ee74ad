//! Anchors: how long the chain was at some time, and its head. Lines of a file elsewhere.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use ondol_kernel::Timestamp;

use super::record::Head;
use crate::files;

/// How long the chain was at some time, and its head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// How many records there were.
    pub length: u64,
    /// The hash of the last of them, in hexadecimal.
    pub head: String,
    /// When.
    pub time: Timestamp,
}

impl Anchor {
    pub(super) fn at(length: u64, head: &Head, time: Timestamp) -> Self {
        let head = head.iter().map(|byte| format!("{byte:02x}")).collect();
        Self { length, head, time }
    }

    /// Reads anchors. The last line may have been cut off by a crash, and is then none.
    ///
    /// # Errors
    /// When the file cannot be read, or a line is no anchor.
    pub fn read(path: &Path) -> io::Result<Vec<Self>> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let mut anchors = Vec::new();
        for (at, line) in whole.lines().enumerate() {
            let anchor = read(line).ok_or_else(|| {
                let told = format!("line {} of {} is no anchor", at + 1, path.display());
                io::Error::new(io::ErrorKind::InvalidData, told)
            })?;
            anchors.push(anchor);
        }
        Ok(anchors)
    }
}

fn read(line: &str) -> Option<Anchor> {
    let mut parts = line.split(' ');
    let (length, head, time) = (parts.next()?, parts.next()?, parts.next()?);
    let is_head = head.len() == 64 && head.bytes().all(|byte| byte.is_ascii_hexdigit());
    let (length, time) = (length.parse().ok()?, time.parse().ok()?);
    (is_head && parts.next().is_none()).then(|| Anchor { length, head: head.to_owned(), time })
}

/// The file that anchors are added to.
#[derive(Debug)]
pub(super) struct Anchors {
    file: File,
    /// The length of the chain at the last anchor.
    pub(super) last: u64,
}

impl Anchors {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            files::make_folder(folder)?;
        }
        let last = Anchor::read(path)?.last().map_or(0, |anchor| anchor.length);
        let mut options = OpenOptions::new();
        let mut file =
            options.read(true).append(true).create(true).mode(files::OWNER_ONLY).open(path)?;
        let text = std::fs::read(path)?;
        if text.last().is_some_and(|last| *last != b'\n') {
            let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            file.set_len(u64::try_from(whole).unwrap_or(0))?;
        }
        file.flush()?;
        files::sync_folder(path)?;
        Ok(Self { file, last })
    }

    pub(super) fn add(&mut self, anchor: &Anchor) -> io::Result<()> {
        let Anchor { length, head, time } = anchor;
        self.file.write_all(format!("{length} {head} {time}\n").as_bytes())?;
        self.file.sync_data()?;
        self.last = *length;
        Ok(())
    }
}
