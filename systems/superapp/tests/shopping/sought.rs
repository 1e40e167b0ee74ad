//! A search over files, byte by byte, for something however it could be written; and a person's key,
//! unwrapped as whoever has the master key could.

use std::path::{Path, PathBuf};

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::Value;

/// How many zeros at the end of a file are looked at together.
const RESERVED: usize = 64 * 1024;

/// What is looked for: what each is called, and its bytes.
#[derive(Default)]
pub(crate) struct Sought(Vec<(String, Vec<u8>)>);

/// A person's key: wrapped, as it is kept, and in clear.
pub(crate) struct DataKey {
    pub(crate) wrapped: String,
    pub(crate) plain: Vec<u8>,
}

impl Sought {
    /// A text: as it is, as UTF-16, and as JSON, an address, base64 and hexadecimal spell it.
    pub(crate) fn text(&mut self, what: &str, text: &str) {
        let json = Value::from(text).to_string();
        let utf16 = |order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect();
        let escaped = |letter: char| match letter {
            ' '..='~' => letter.to_string(),
            other => {
                let mut units = [0; 2];
                let units = other.encode_utf16(&mut units);
                units.iter().map(|unit| format!("\\u{unit:04x}")).collect()
            }
        };
        let ascii = json.trim_matches('"').chars().map(escaped).collect::<String>();
        let form = serde_urlencoded::to_string([("", text)]).expect("a form");
        let form = form.trim_start_matches('=').to_owned();
        for (way, bytes) in [
            ("as it is", text.as_bytes().to_vec()),
            ("in UTF-16, little end first", utf16(u16::to_le_bytes)),
            ("in UTF-16, big end first", utf16(u16::to_be_bytes)),
            ("in JSON", json.trim_matches('"').as_bytes().to_vec()),
            ("in JSON, as ASCII", ascii.into_bytes()),
            ("in a form", form.clone().into_bytes()),
            ("in an address", form.replace('+', "%20").into_bytes()),
            ("in capitals", text.to_uppercase().into_bytes()),
        ] {
            self.add(format!("{what}, {way}"), bytes);
        }
        self.bytes(what, text.as_bytes());
    }

    /// One more, unless it is looked for already.
    fn add(&mut self, what: String, bytes: Vec<u8>) {
        if !self.0.iter().any(|(_, known)| *known == bytes) {
            self.0.push((what, bytes));
        }
    }

    /// A key: its bytes, and as it is kept wrapped.
    pub(crate) fn key(&mut self, what: &str, plain: &[u8], wrapped: &str) {
        self.add(format!("{what}, as it is"), plain.to_vec());
        self.bytes(what, plain);
        let inner = URL_SAFE_NO_PAD.decode(wrapped).expect("base64url");
        self.add(format!("{what}, wrapped"), wrapped.as_bytes().to_vec());
        self.bytes(&format!("{what}, wrapped"), &inner);
    }

    /// Bytes as hexadecimal and base64 spell them, wherever in the encoded text they begin.
    fn bytes(&mut self, what: &str, bytes: &[u8]) {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        self.add(format!("{what}, in hexadecimal"), hex.clone().into_bytes());
        self.add(format!("{what}, in HEXADECIMAL"), hex.to_uppercase().into_bytes());
        for (way, engine) in [("base64", STANDARD_NO_PAD), ("base64url", URL_SAFE_NO_PAD)] {
            for before in 0..3 {
                let shifted = [&vec![0; before][..], bytes].concat();
                let text = engine.encode(&shifted);
                // Letters that hold bits of what stands before or after are no part of it.
                let first = (before * 8).div_ceil(6);
                let last = shifted.len() * 8 / 6;
                let part = text.as_bytes()[first..last].to_vec();
                self.add(format!("{what}, in {way} from {before}"), part);
            }
        }
    }

    /// Each of them, planted in a file, is found: the search bites.
    pub(crate) fn bites(&self) {
        for (what, bytes) in &self.0 {
            let folder = tempfile::tempdir().expect("a folder");
            let planted = [b"something before it ", bytes.as_slice(), b" and after\0\0\0"].concat();
            let deep = folder.path().join("a/b");
            std::fs::create_dir_all(&deep).expect("a folder");
            std::fs::write(deep.join("planted"), planted).expect("a file");
            let found = self.found_in(folder.path());
            assert!(found.iter().any(|found| found.starts_with(what)), "{what}: {found:?}");
        }
        let named = tempfile::tempdir().expect("a folder");
        let (what, bytes) = &self.0[0];
        let name = String::from_utf8_lossy(bytes).into_owned();
        std::fs::write(named.path().join(name), b"").expect("a file");
        assert!(self.found_in(named.path()).iter().any(|found| found.starts_with(what)));
    }

    /// What was found in the files under a folder, and in their names.
    pub(crate) fn found_in(&self, folder: &Path) -> Vec<String> {
        let mut found = Vec::new();
        for path in files_under(folder) {
            // What runs may remove a file while it is looked at.
            let Ok(mut bytes) = std::fs::read(&path) else { continue };
            // What is reserved for later is zeros to the end.
            while bytes.ends_with(&[0; RESERVED]) {
                bytes.truncate(bytes.len() - RESERVED);
            }
            let name = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().into_owned();
            bytes.extend(name.as_bytes());
            for (what, part) in &self.0 {
                if memchr::memmem::find(&bytes, part).is_some() {
                    found.push(format!("{what} in {name}"));
                }
            }
        }
        found
    }
}

/// All files under a folder.
pub(crate) fn files_under(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { found.append(&mut files_under(&path)) } else { found.push(path) }
    }
    found
}

fn bound(names: &[&str]) -> Vec<u8> {
    let with_length = |name: &&str| [&(name.len() as u64).to_be_bytes(), name.as_bytes()].concat();
    names.iter().flat_map(with_length).collect()
}

/// Unwraps the key of whoever has registered last.
pub(crate) fn data_key(data: &Path) -> DataKey {
    let secrets = data.join("identity/secrets");
    let mut files = files_under(&secrets.join("people"));
    files.retain(|path| {
        path.file_stem().is_some_and(|name| name != "index" && name != "signing-keys")
    });
    // Names are made of the time.
    files.sort_by_key(|path| path.file_stem().map(std::ffi::OsStr::to_owned));
    let file = files.last().expect("a key");
    let kept: Value =
        serde_json::from_slice(&std::fs::read(file).expect("it is ours")).expect("JSON");
    let subject = kept["subject"].as_str().expect("a name");
    let wrapped = kept["keys"][0]["key"].as_str().expect("a key").to_owned();
    let master = std::fs::read_to_string(secrets.join("master.key")).expect("it is ours");
    let (_, master) = master.trim().split_once(' ').expect("a generation and a key");
    let master = URL_SAFE_NO_PAD.decode(master).expect("base64url");
    let key = UnboundKey::new(&AES_256_GCM_SIV, &master).expect("a key");
    let whole = URL_SAFE_NO_PAD.decode(&wrapped).expect("base64url");
    let (nonce, body) = whole.split_at(NONCE_LEN);
    let nonce = Nonce::try_assume_unique_for_key(nonce).expect("a nonce");
    let names = bound(&["ondol vault key 1", subject, "1", "1"]);
    let mut body = body.to_vec();
    let plain = LessSafeKey::new(key).open_in_place(nonce, Aad::from(names), &mut body);
    let plain = plain.expect("the master key opens it").to_vec();
    DataKey { wrapped, plain }
}
