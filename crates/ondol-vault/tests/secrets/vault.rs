//! C1 to C6: what is sealed stays where it was sealed, and what was forgotten stays forgotten.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ondol_doors::SystemRng;
use ondol_vault::{
    MasterKeys, OpenError, Opened, SealError, Sealed, Vault, VaultError, VaultOptions,
};

const KIM: &str = "0193f4a0-0000-7000-8000-0000000000aa";
const LEE: &str = "0193f4a0-0000-7000-8000-0000000000bb";
const CANARY: &str = "canary-kim@example.kr";

struct House {
    folder: tempfile::TempDir,
}

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let house = Self { folder };
        MasterKeys::create(&house.options().master, &SystemRng).expect("it can be made");
        house
    }

    fn options(&self) -> VaultOptions {
        let at = |name: &str| self.folder.path().join(name);
        VaultOptions { master: at("master.key"), keys: at("keys"), ledger: at("away/ledger") }
    }

    fn open(&self) -> Result<Vault, VaultError> {
        Vault::open(&self.options(), Arc::new(SystemRng))
    }

    fn vault(&self) -> Vault {
        self.open().expect("it opens")
    }

    fn key_file(&self, subject: &str) -> PathBuf {
        let shelf = &subject[subject.len() - 2..];
        self.options().keys.join(shelf).join(format!("{subject}.key"))
    }
}

fn seal(vault: &Vault, subject: &str, field: &str, text: &str) -> Sealed<String> {
    vault.seal(subject, field, &text.to_owned()).expect("it can be sealed")
}

fn plain(text: &str) -> Opened<String> {
    Opened::Plain(text.to_owned())
}

#[test]
fn what_was_sealed_is_read_back_also_after_a_restart() {
    let house = House::new();
    let vault = house.vault();
    let sealed = seal(&vault, KIM, "email", CANARY);
    assert!(!sealed.text().contains("canary") && format!("{sealed:?}") == "Sealed(…)");
    assert_ne!(sealed, seal(&vault, KIM, "email", CANARY), "no two are alike");
    drop(vault);
    let vault = house.vault();
    assert_eq!(vault.unseal(KIM, "email", &sealed).expect("it is ours"), plain(CANARY));
    let json = serde_json::to_string(&sealed).expect("it can be written");
    assert_eq!(serde_json::from_str::<Sealed<String>>(&json).expect("it can be read"), sealed);
}

#[test]
fn c1_a_ciphertext_in_anothers_place_is_refused() {
    let house = House::new();
    let vault = house.vault();
    let kims = seal(&vault, KIM, "email", CANARY);
    let lees = seal(&vault, LEE, "email", "lee@example.kr");
    for (row, subject, field, sealed) in [
        ("another's", LEE, "email", &kims),
        ("and the other way", KIM, "email", &lees),
        ("another field", KIM, "phone", &kims),
        ("another event's field", KIM, "user.registered/email", &kims),
        ("a field cut elsewhere", KIM, "emai", &kims),
    ] {
        let error = vault.unseal(subject, field, sealed).expect_err(row);
        assert!(matches!(error, OpenError::NotOurs { .. }), "C1 {row}");
    }
}

#[test]
fn c2_one_bit_is_enough() {
    let house = House::new();
    let vault = house.vault();
    let sealed = seal(&vault, KIM, "email", CANARY);
    let text = sealed.text();
    let start = text.rfind('.').expect("three parts") + 1;
    for at in start..text.len() {
        let mut bytes = text.as_bytes().to_vec();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let forged = Sealed::written(String::from_utf8(bytes).expect("base64url"));
        assert!(vault.unseal::<String>(KIM, "email", &forged).is_err(), "C2 at {at}");
    }
    for forged in ["", "v1", "v1.1", "v1.1.", "v2.1.AAAA", "v1.01.AAAA", "v1.1.AAAA", "v1.2.AAAA"] {
        let forged: Sealed<String> = Sealed::written(forged.to_owned());
        assert!(vault.unseal(KIM, "email", &forged).is_err(), "C2 {forged:?}");
    }
}

#[test]
fn c2_a_wrapped_key_that_was_changed_or_swapped_opens_nothing() {
    let house = House::new();
    let vault = house.vault();
    let sealed = seal(&vault, KIM, "email", CANARY);
    seal(&vault, LEE, "email", "lee@example.kr");
    drop(vault);
    let good = fs::read_to_string(house.key_file(KIM)).expect("it is there");
    let other = fs::read_to_string(house.key_file(LEE)).expect("it is there");
    let at = good.find("\"key\":\"").expect("a key") + 20;
    let flipped = if good.as_bytes()[at] == b'A' { "B" } else { "A" };
    let mut changed = good.clone();
    changed.replace_range(at..=at, flipped);
    for (row, text) in [
        ("changed", changed),
        ("another's", other.clone()),
        ("another's under this name", other.replace(LEE, KIM)),
        ("another version", good.replace("\"version\":1", "\"version\":2")),
    ] {
        fs::write(house.key_file(KIM), text).expect("it can be written");
        let opened = house.vault().unseal(KIM, "email", &sealed);
        assert!(matches!(opened, Err(OpenError::Vault(VaultError::Key { .. }))), "C2 {row}");
    }
    fs::write(house.key_file(KIM), good).expect("it can be written");
    assert_eq!(house.vault().unseal(KIM, "email", &sealed).expect("as before"), plain(CANARY));
}

#[test]
fn c3_a_key_that_was_replaced_still_reads_and_never_seals_again() {
    let house = House::new();
    let vault = house.vault();
    let old = seal(&vault, KIM, "email", CANARY);
    let before = fs::read(house.key_file(KIM)).expect("it is there");
    assert_eq!(vault.rotate(KIM).expect("it can be replaced"), 2);
    let new = seal(&vault, KIM, "email", CANARY);
    assert!(old.text().starts_with("v1.1.") && new.text().starts_with("v1.2."));
    let downgraded: Sealed<String> = Sealed::written(new.text().replacen("v1.2.", "v1.1.", 1));
    assert!(vault.unseal(KIM, "email", &downgraded).is_err(), "C3 downgrade");
    drop(vault);
    let vault = house.vault();
    assert_eq!(vault.unseal(KIM, "email", &old).expect("it reads"), plain(CANARY));
    drop(vault);
    fs::write(house.key_file(KIM), before).expect("it can be written");
    let vault = house.vault();
    let sealed = vault.seal(KIM, "email", &CANARY.to_owned());
    assert!(matches!(sealed, Err(SealError::Vault(VaultError::PutBack { .. }))), "C3 put back");
}

#[test]
fn c4_a_person_who_was_forgotten_reads_as_forgotten_and_never_as_a_fault() {
    let house = House::new();
    let vault = house.vault();
    let sealed = seal(&vault, KIM, "email", CANARY);
    vault.forget(KIM).expect("it can be forgotten");
    for vault in [vault, house.vault()] {
        assert_eq!(vault.unseal(KIM, "email", &sealed).expect("an answer"), Opened::Forgotten);
        assert!(vault.is_forgotten(KIM));
        let again = vault.seal(KIM, "email", &CANARY.to_owned());
        assert!(matches!(again, Err(SealError::Forgotten { .. })), "and nothing is sealed again");
        vault.forget(KIM).expect("twice is as good as once");
    }
    assert!(!house.key_file(KIM).exists());
}

#[test]
fn c4_a_key_that_a_crash_has_left_beside_its_place_is_destroyed_as_well() {
    let house = House::new();
    let vault = house.vault();
    seal(&vault, KIM, "email", CANARY);
    let left = house.key_file(KIM).with_extension("new");
    let plant = || fs::copy(house.key_file(LEE), &left).expect("it can be put there");
    seal(&vault, LEE, "email", CANARY);
    plant();
    vault.forget(KIM).expect("he can be forgotten");
    assert!(!left.exists() && !house.key_file(KIM).exists());
    plant();
    drop(vault);
    drop(house.vault());
    assert!(!left.exists(), "nor does a backup bring it back");
}

#[test]
fn c6_a_backup_of_the_keys_brings_nobody_back() {
    let house = House::new();
    let vault = house.vault();
    let sealed = seal(&vault, KIM, "email", CANARY);
    let kept = seal(&vault, LEE, "email", "lee@example.kr");
    let backup = fs::read(house.key_file(KIM)).expect("it is there");
    vault.forget(KIM).expect("it can be forgotten");
    drop(vault);
    fs::write(house.key_file(KIM), &backup).expect("it can be written");
    let vault = house.vault();
    assert!(!house.key_file(KIM).exists(), "destroyed again before anything is served");
    assert_eq!(vault.unseal(KIM, "email", &sealed).expect("an answer"), Opened::Forgotten);
    assert_eq!(vault.unseal(LEE, "email", &kept).expect("ours"), plain("lee@example.kr"));
}

#[test]
fn c6_a_ledger_with_a_line_cut_out_is_refused() {
    let house = House::new();
    let vault = house.vault();
    for subject in [KIM, LEE] {
        seal(&vault, subject, "email", CANARY);
        vault.forget(subject).expect("it can be forgotten");
    }
    drop(vault);
    let path = house.options().ledger;
    let text = fs::read_to_string(&path).expect("it is there");
    let second = text.lines().nth(1).expect("two lines");
    let changed = text.replacen("forgotten", "at-least-1", 1);
    for (row, forged) in [("cut out", format!("{second}\n")), ("changed", changed)] {
        fs::write(&path, forged).expect("it can be written");
        assert!(matches!(house.open(), Err(VaultError::File { .. })), "C6 {row}");
    }
    fs::write(&path, format!("{text}{KIM} forg")).expect("it can be written");
    assert!(house.open().is_ok(), "a line that a crash cut off is nobody's");
}

#[test]
fn a_new_master_key_wraps_everything_anew_and_the_old_one_is_gone() {
    let house = House::new();
    let vault = house.vault();
    let sealed = seal(&vault, KIM, "email", CANARY);
    let blind = vault.blind("email", CANARY);
    let old = fs::read_to_string(house.options().master).expect("it is there");
    assert_eq!(vault.rotate_master().expect("it can be replaced"), 2);
    drop(vault);
    let vault = house.vault();
    assert_eq!(vault.unseal(KIM, "email", &sealed).expect("ours"), plain(CANARY));
    assert_eq!(vault.blind("email", CANARY), blind, "what was found before is found after");
    drop(vault);
    fs::write(house.options().master, old).expect("it can be written");
    assert!(house.open().is_err(), "the old master key opens nothing");
}

#[test]
fn a_blind_index_is_the_same_for_the_same_and_tells_nothing() {
    let (one, other) = (House::new(), House::new());
    let (vault, elsewhere) = (one.vault(), other.vault());
    let blind = vault.blind("email", CANARY);
    assert_eq!(blind, vault.blind("email", CANARY));
    assert_ne!(blind, vault.blind("email", "lee@example.kr"));
    assert_ne!(blind, vault.blind("phone", CANARY));
    assert_ne!(blind, elsewhere.blind("email", CANARY), "another house, another index");
    assert_ne!(vault.blind("ab", "c"), vault.blind("a", "bc"));
}

#[test]
fn a_name_that_could_be_a_path_is_nobodys() {
    let house = House::new();
    let vault = house.vault();
    for subject in ["", "../kim", "a/b", ".", "index", "kim.key", &"a".repeat(65), "김"] {
        let sealed = vault.seal(subject, "email", &CANARY.to_owned());
        let is_refused = matches!(sealed, Err(SealError::Vault(VaultError::Subject { .. })));
        assert!(is_refused, "{subject:?}");
        assert!(vault.forget(subject).is_err(), "{subject:?}");
    }
}

#[test]
fn no_file_holds_what_was_sealed_or_a_key_in_clear() {
    let house = House::new();
    let vault = house.vault();
    seal(&vault, KIM, "email", CANARY);
    vault.forget(KIM).expect("it can be forgotten");
    search(house.folder.path(), CANARY.as_bytes());
}

fn search(folder: &Path, canary: &[u8]) {
    for entry in fs::read_dir(folder).expect("it is ours") {
        let path = entry.expect("it is there").path();
        if path.is_dir() {
            search(&path, canary);
        } else {
            let bytes = fs::read(&path).expect("it is ours");
            let found = bytes.windows(canary.len()).any(|window| window == canary);
            assert!(!found, "{}", path.display());
        }
    }
}
