//! Each way in which a golden file can stop to hold, seen.

use std::fs;
use std::path::PathBuf;

use ondol_domain::{Facts, Problems, Upcasts};
use serde::{Deserialize, Serialize};

use super::{GoldenProblem, Missing, verify};

/// A folder of its own for each test, gone when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let name = format!("ondol-golden-{}-{test}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        assert!(!folder.exists(), "{} is there already", folder.display());
        Self(folder)
    }

    fn golden(&self) -> PathBuf {
        self.0.join("golden")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.golden().join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.0.exists() {
            fs::remove_dir_all(&self.0).expect("a test's own folder can be removed");
        }
    }
}

/// The same events as three programs of different years declare them.
mod first {
    use super::*;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    pub(super) enum Event {
        Lit { watts: u32 },
        Darkened,
    }

    impl Facts for Event {
        const KIND: &'static str = "lamp";
    }

    pub(super) fn examples() -> [Event; 2] {
        [Event::Lit { watts: 60 }, Event::Darkened]
    }
}

/// A careless change: the field is called something else.
mod careless {
    use super::*;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    pub(super) enum Event {
        Lit { power: u32 },
        Darkened,
    }

    impl Facts for Event {
        const KIND: &'static str = "lamp";
    }

    pub(super) fn examples() -> [Event; 2] {
        [Event::Lit { power: 60 }, Event::Darkened]
    }
}

/// The same change with an upcast.
mod careful {
    use super::*;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    pub(super) enum Event {
        Lit { power: u32 },
        Darkened,
    }

    impl Facts for Event {
        const KIND: &'static str = "lamp";

        fn upcasts() -> Upcasts {
            Upcasts::none().lift("lit", 1, |mut data| {
                let fields = data.as_object_mut().ok_or("lit has fields")?;
                let watts = fields.remove("watts").ok_or("lit had watts")?;
                fields.insert("power".into(), watts);
                Ok(data)
            })
        }
    }

    pub(super) fn examples() -> [Event; 2] {
        [Event::Lit { power: 60 }, Event::Darkened]
    }
}

fn told(outcome: Result<(), Problems<GoldenProblem>>) -> Vec<String> {
    let problems = outcome.expect_err("something should be wrong");
    problems.found.iter().map(ToString::to_string).collect()
}

#[test]
fn a_missing_file_is_told_and_written_only_when_asked() {
    let folder = Folder::new("missing");
    let problems = told(verify(&folder.golden(), Missing::Told, first::examples()));
    assert_eq!(problems.len(), 2);
    assert!(problems[0].ends_with("golden/lamp.lit.v1.json is missing"), "{problems:?}");
    verify(&folder.golden(), Missing::Written, first::examples()).unwrap();
    verify(&folder.golden(), Missing::Told, first::examples()).unwrap();
    let text = fs::read_to_string(folder.file("lamp.lit.v1.json")).unwrap();
    let expected = "{\n  \"type\": \"lamp.lit\",\n  \"version\": 1,\n  \"data\": {\n    \"watts\": 60\n  }\n}\n";
    assert_eq!(text, expected);
}

#[test]
fn a_changed_shape_is_shown_and_its_file_never_rewritten() {
    let folder = Folder::new("changed");
    verify(&folder.golden(), Missing::Written, first::examples()).unwrap();
    let before = fs::read(folder.file("lamp.lit.v1.json")).unwrap();
    for missing in [Missing::Told, Missing::Written] {
        let problems = told(verify(&folder.golden(), missing, careless::examples()));
        assert!(problems[0].contains("\"watts\": 60 ≠   \"power\": 60"), "{}", problems[0]);
        assert!(problems[1].contains("can no longer be read"), "{}", problems[1]);
        assert!(problems[1].contains("missing field `power`"), "{}", problems[1]);
    }
    assert_eq!(fs::read(folder.file("lamp.lit.v1.json")).unwrap(), before);
}

#[test]
fn an_upcast_makes_a_new_file_and_keeps_the_old_one_readable() {
    let folder = Folder::new("upcast");
    verify(&folder.golden(), Missing::Written, first::examples()).unwrap();
    let problems = told(verify(&folder.golden(), Missing::Told, careful::examples()));
    assert_eq!(problems.len(), 1);
    assert!(problems[0].ends_with("golden/lamp.lit.v2.json is missing"), "{problems:?}");
    verify(&folder.golden(), Missing::Written, careful::examples()).unwrap();
    verify(&folder.golden(), Missing::Told, careful::examples()).unwrap();
    assert!(folder.file("lamp.lit.v1.json").exists());
}

#[test]
fn an_old_file_cannot_be_thrown_away() {
    let folder = Folder::new("old");
    let problems = told(verify(&folder.golden(), Missing::Written, careful::examples()));
    assert_eq!(problems.len(), 1);
    assert!(problems[0].contains("lamp.lit.v1.json is missing: an upcast says"), "{problems:?}");
}

#[test]
fn each_event_has_one_example() {
    let folder = Folder::new("examples");
    let twice = [first::Event::Darkened, first::Event::Darkened];
    let problems = told(verify(&folder.golden(), Missing::Written, twice));
    assert_eq!(
        problems,
        [
            "there are two examples of lamp.darkened: one is enough",
            "there is no example of lamp.lit: add one to the test"
        ]
    );
}

#[test]
fn a_file_of_an_event_that_is_known_no_more_is_told() {
    let folder = Folder::new("unknown");
    verify(&folder.golden(), Missing::Written, first::examples()).unwrap();
    let smashed = r#"{"type":"lamp.smashed","version":1,"data":{}}"#;
    fs::write(folder.file("lamp.smashed.v1.json"), smashed).unwrap();
    fs::write(folder.file("lamp.lit.v9.json"), "{}").unwrap();
    fs::write(folder.file("other.thing.v1.json"), "of another kind").unwrap();
    let problems = told(verify(&folder.golden(), Missing::Told, first::examples()));
    assert_eq!(problems.len(), 2);
    assert!(problems[0].contains("lamp.lit.v9.json is no golden file"), "{problems:?}");
    assert!(problems[1].contains("version 1 of lamp.smashed is not known"), "{problems:?}");
}
