//! Policies that have to know of each other: what one finds out is what the other goes by.

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_lc_rs::digest::{SHA256, digest};

use super::rig::{Rig, Upstream};

/// A gateway that knows two people by keys in a header of no telling name, before a backend whose
/// answers are numbered and may be stored.
fn rig(upstream: &Upstream, policies: &str) -> (Rig, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("keys.toml");
    let mut keys = String::new();
    for (owner, key) in [("kim", "kim-has-a-long-word"), ("lee", "lee-has-a-long-word")] {
        let hash = digest(&SHA256, key.as_bytes());
        let hash: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        writeln!(keys, "[{owner}]\nhash = \"sha256:{hash}\"\nowner = \"{owner}\"").expect("text");
    }
    std::fs::write(&file, keys).expect("a file");
    let rig = Rig::start(&format!(
        "[keys.people]\nfile = {file:?}\nheader = \"pass\"\n\
         [backends.one]\nendpoints = [\"http://{}\"]\n\
         [routes.all]\nto = \"one\"\nauth = {{ keys = \"people\" }}\n{policies}\n",
        upstream.address
    ));
    (rig, folder)
}

fn numbered(control: &'static str) -> Upstream {
    let number = AtomicUsize::new(0);
    Upstream::answering(move |_received, stream| {
        let number = number.fetch_add(1, Ordering::SeqCst) + 1;
        let head = format!("HTTP/1.1 200 OK\r\nCache-Control: {control}\r\nContent-Length: 1");
        write!(stream, "{head}\r\n\r\n{number}").is_ok()
    })
}

const KIM: &str = "pass: kim-has-a-long-word\r\n";
const LEE: &str = "pass: lee-has-a-long-word\r\n";

#[test]
fn what_a_caller_is_told_is_not_stored_for_anybody_unless_it_is_public() {
    for (head, told) in [("max-age=60", ["1", "2", "3", "4"]), ("public, max-age=60", ["1"; 4])] {
        let upstream = numbered(head);
        let (rig, _folder) = rig(&upstream, "cache = {}");
        assert_eq!([KIM, KIM, LEE, KIM].map(|who| rig.get("/a", who).body), told, "{head}");
        assert_eq!(rig.get("/a", "").status, 401, "what is stored is behind the policies too");
    }
}

#[test]
fn each_user_has_a_limit_of_his_own() {
    let upstream = numbered("no-store");
    let (rig, _folder) = rig(&upstream, "rate = \"2 / minute per user\"");
    let status = |who: &str| rig.get("/a", who).status;
    assert_eq!([KIM, KIM, KIM, LEE, LEE, LEE].map(status), [200, 200, 429, 200, 200, 429]);
    assert_eq!(upstream.received().len(), 4);
}
