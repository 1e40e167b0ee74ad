//! One command at a time, in a folder of its own.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// What a command has come to.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// The program, in a folder, with nothing in its environment.
pub(crate) fn program(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bank"));
    command.current_dir(folder).env_clear().args(arguments);
    command
}

pub(crate) fn done(command: &mut Command) -> Done {
    let ended = command.output().expect("the bank can be started");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it is text");
    let code = ended.status.code().expect("nobody has killed it");
    Done { code, out: text(ended.stdout), err: text(ended.stderr) }
}

pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Done {
    done(&mut program(folder, arguments))
}

impl Done {
    #[track_caller]
    pub(crate) fn well(self) -> Self {
        assert_eq!((self.code, self.err.as_str()), (0, ""), "{self:?}");
        self
    }

    /// It has failed, and says so with this code and a page to read on.
    #[track_caller]
    pub(crate) fn failed(self, code: &str) -> Self {
        assert_eq!((self.code, self.out.as_str()), (1, ""), "{self:?}");
        assert!(self.err.starts_with(&format!("error[{code}]: ")), "{}", self.err);
        assert!(self.err.ends_with(&format!("read on: docs/errors/{code}.md\n")), "{}", self.err);
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/errors");
        assert!(page.join(format!("{code}.md")).exists(), "{code} has no page");
        self
    }

    /// It was typed wrongly.
    #[track_caller]
    pub(crate) fn misunderstood(self) -> Self {
        assert_eq!((self.code, self.out.as_str()), (2, ""), "{self:?}");
        assert!(self.err.contains("--help"), "{}", self.err);
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_default()
    }

    /// The cells of the rows, without the head.
    pub(crate) fn rows(&self) -> Vec<Vec<&str>> {
        self.out.lines().skip(1).map(|line| line.split_whitespace().collect()).collect()
    }
}

pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder can be made")
}
