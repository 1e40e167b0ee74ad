//! A prepared data folder, made once and copied for every server.
//!
//! `initdb` takes two seconds; a copy takes a tenth. The folder is kept in the system's temporary folder
//! under the version and the user it belongs to, and only trusted when it belongs to that user.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::servers::home::{StartError, cannot, tail};
use crate::servers::user::User;

/// Grows when what `initdb` is told changes, so that an older folder is not taken for it.
const RECIPE: u32 = 1;

/// The prepared folder; makes it when it is not there.
pub(super) fn prepared(programs: &Path, user: User) -> Result<PathBuf, StartError> {
    let version = text_of(Command::new(programs.join("initdb")).arg("--version"))?;
    let number = version.split_whitespace().nth(2).unwrap_or("unknown").to_owned();
    let uid = user.uid().map_err(cannot("tell who we are"))?;
    let parent = std::env::temp_dir().join(format!("ondol-postgres-{number}-{RECIPE}-{uid}"));
    let template = parent.join("data");
    guarded(&parent, user, uid).map_err(cannot(format!("prepare {}", parent.display())))?;
    // One process makes it, the others wait; the lock is released when the file is closed.
    let lock = File::create(parent.join("lock")).map_err(cannot("make a lock file"))?;
    lock.lock().map_err(cannot("lock the prepared folder"))?;
    if !template.is_dir() {
        make(programs, &parent, user)?;
    }
    Ok(template)
}

/// The folder around it: ours, and closed to others.
fn guarded(parent: &Path, user: User, uid: u32) -> io::Result<()> {
    match fs::create_dir(parent) {
        Ok(()) => {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(parent, fs::Permissions::from_mode(0o700))?;
            return user.own(parent);
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    let found = fs::symlink_metadata(parent)?;
    if !found.is_dir() || (found.uid() != uid && found.uid() != 0) {
        return Err(io::Error::other("it belongs to somebody else"));
    }
    Ok(())
}

fn make(programs: &Path, parent: &Path, user: User) -> Result<(), StartError> {
    let unfinished = parent.join("unfinished");
    match fs::remove_dir_all(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(cannot("clear an unfinished folder")(error));
        }
        Ok(()) | Err(_) => {}
    }
    // It syncs what it makes: this folder outlives a power cut, and must not be half there after it.
    let mut initdb = Command::new(programs.join("initdb"));
    initdb.args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"]);
    initdb.arg("--pgdata").arg(&unfinished).current_dir(parent);
    user.apply(&mut initdb);
    text_of(&mut initdb)?;
    fs::rename(&unfinished, parent.join("data")).map_err(cannot("finish the prepared folder"))
}

/// Copies it as the server's user, so that the copy belongs to the server.
pub(super) fn copy(template: &Path, data: &Path, user: User) -> Result<(), StartError> {
    let mut cp = Command::new("cp");
    cp.args(["-R", "-p"]).args([template, data]).current_dir("/");
    user.apply(&mut cp);
    text_of(&mut cp).map(drop)
}

fn text_of(command: &mut Command) -> Result<String, StartError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).env("LC_ALL", "C").output();
    let Output { status, stdout, stderr } = output.map_err(cannot(format!("run {program}")))?;
    if !status.success() {
        return Err(StartError::Failed { program, said: tail(&String::from_utf8_lossy(&stderr)) });
    }
    Ok(String::from_utf8_lossy(&stdout).into_owned())
}
