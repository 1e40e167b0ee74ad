//! What must not come back: people who were forgotten, and keys that were replaced.
//!
//! A backup of the keys brings back what was destroyed after it was made. The ledger stands apart
//! from the keys and is kept apart in backups; it is applied before the vault opens. Each line
//! holds the hash of the lines before it, so that a line which was cut out is missed.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context, SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::files;

/// What has become of a person's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It was destroyed: the person is forgotten.
    Forgotten,
    /// It was replaced, and an older one than this must not seal again.
    AtLeast(u32),
}

/// The ledger.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    file: File,
    fates: BTreeMap<String, Fate>,
    head: String,
}

impl Ledger {
    /// Opens it; one that is not there is made.
    ///
    /// # Errors
    /// When it cannot be read, or a line is missing or changed.
    pub fn open(path: &Path) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            files::make_folder(folder)?;
        }
        let mut options = OpenOptions::new();
        let file =
            options.read(true).append(true).create(true).mode(files::OWNER_ONLY).open(path)?;
        files::sync_folder(path)?;
        let text = std::fs::read_to_string(path)?;
        let (fates, head) = (BTreeMap::new(), String::new());
        let mut ledger = Self { path: path.to_owned(), file, fates, head };
        // The last line may have been cut off by a crash before anybody was told that it holds.
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        if whole < text.len() {
            ledger.file.set_len(u64::try_from(whole).unwrap_or(0))?;
        }
        for line in text[..whole].lines() {
            ledger.take(line)?;
        }
        Ok(ledger)
    }

    /// What has become of a person's key; nothing, mostly.
    pub fn fate(&self, subject: &str) -> Option<Fate> {
        self.fates.get(subject).copied()
    }

    /// Everybody who was forgotten.
    pub fn forgotten(&self) -> impl Iterator<Item = &str> {
        let forgotten = self.fates.iter().filter(|(_, fate)| **fate == Fate::Forgotten);
        forgotten.map(|(subject, _)| subject.as_str())
    }

    /// Writes down what has become of a key, and returns once that holds.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&mut self, subject: &str, fate: Fate) -> io::Result<()> {
        let known = self.fate(subject);
        if known == Some(fate) || known == Some(Fate::Forgotten) {
            return Ok(());
        }
        let word = match fate {
            Fate::Forgotten => "forgotten".to_owned(),
            Fate::AtLeast(version) => format!("at-least-{version}"),
        };
        let head = hash(&self.head, subject, &word);
        self.file.write_all(format!("{subject} {word} {head}\n").as_bytes())?;
        self.file.sync_data()?;
        self.fates.insert(subject.to_owned(), fate);
        self.head = head;
        Ok(())
    }

    fn take(&mut self, line: &str) -> io::Result<()> {
        let wrong = || {
            let path = self.path.display();
            io::Error::new(io::ErrorKind::InvalidData, format!("a line of {path} was changed"))
        };
        let parts: Vec<&str> = line.split(' ').collect();
        let [subject, word, head] = parts[..] else { return Err(wrong()) };
        if head != hash(&self.head, subject, word) {
            return Err(wrong());
        }
        let fate = match (word, word.strip_prefix("at-least-").and_then(|text| text.parse().ok())) {
            ("forgotten", _) => Fate::Forgotten,
            (_, Some(version)) => Fate::AtLeast(version),
            _ => return Err(wrong()),
        };
        self.fates.insert(subject.to_owned(), fate);
        head.clone_into(&mut self.head);
        Ok(())
    }
}

fn hash(head: &str, subject: &str, word: &str) -> String {
    let mut context = Context::new(&SHA256);
    context.update(format!("ondol erasure ledger 1\n{head}\n{subject} {word}\n").as_bytes());
    URL_SAFE_NO_PAD.encode(context.finish())
}
