//! Systems with several versions, one, and none.

use super::*;

const BROKER: Wanted = Wanted {
    what: "a broker",
    programs: &["brokerd"],
    versions: ("/none", "bin"),
    package: "broker-server",
};

struct Folder(PathBuf);

impl Folder {
    fn with(name: &str, files: &[&str]) -> Self {
        let folder = std::env::temp_dir().join(format!("testkit-{name}-{}", std::process::id()));
        for file in files.iter().map(|file| folder.join(file)) {
            fs::create_dir_all(file.parent().expect("inside")).expect("a folder");
            fs::write(file, "").expect("a file");
        }
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

#[test]
fn the_newest_complete_version_is_taken() {
    let folder = Folder::with("versions", &["9.6/bin/brokerd", "15/bin/brokerd", "16/bin/client"]);
    let found = BROKER.find_in(&folder.0, []).expect("15 is complete");
    assert_eq!(found, folder.0.join("15/bin"));
}

#[test]
fn without_versions_the_path_is_searched() {
    let folder = Folder::with("path", &["bin/brokerd"]);
    let found = BROKER.find_in(Path::new("/none"), [PathBuf::from("/none"), folder.0.join("bin")]);
    assert_eq!(found.expect("in the path"), folder.0.join("bin"));
}

#[test]
fn a_missing_server_gives_one_line_saying_what_to_install() {
    let error = BROKER.find_in(Path::new("/none"), []).expect_err("it is not there").to_string();
    assert_eq!(error, "a broker is not installed; install it: apt-get install broker-server");
}
