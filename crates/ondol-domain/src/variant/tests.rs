//! What is written under a name is read back under it, exactly.

use std::fmt::Debug;

use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{names, read, read_value, write};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Every {
    Unit,
    Newtype(Vec<u64>),
    Tuple(i64, String),
    Fields {
        big: u64,
        small: i64,
        wide: i128,
        text: String,
        maybe: Option<bool>,
    },
    #[serde(rename = "other_name")]
    Renamed {
        inner: Inner,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Inner {
    One,
    Two { deep: Vec<Option<i64>> },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Alert {
    reason: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Wrapped(u64);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Bare;

fn round<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T, name: &str, json: &str) {
    let mut written = Vec::new();
    assert_eq!(write(value, &mut written).unwrap(), name);
    assert_eq!(std::str::from_utf8(&written).unwrap(), json);
    assert_eq!(&read::<T>(name, &written).unwrap(), value);
    let tree = serde_json::from_slice(&written).unwrap();
    assert_eq!(&read_value::<T>(name, tree).unwrap(), value);
}

#[test]
fn each_form_of_variant_and_struct_is_written_and_read() {
    round(&Every::Unit, "Unit", "{}");
    round(&Every::Newtype(vec![1, 2]), "Newtype", "[1,2]");
    round(&Every::Tuple(-1, "x".into()), "Tuple", r#"[-1,"x"]"#);
    let inner = Inner::Two { deep: vec![None, Some(3)] };
    let json = r#"{"inner":{"Two":{"deep":[null,3]}}}"#;
    round(&Every::Renamed { inner }, "other_name", json);
    round(&Every::Renamed { inner: Inner::One }, "other_name", r#"{"inner":"One"}"#);
    round(&Alert { reason: "대출".into() }, "Alert", r#"{"reason":"대출"}"#);
    round(&Wrapped(u64::MAX), "Wrapped", "18446744073709551615");
    round(&Bare, "Bare", "{}");
}

#[test]
fn the_names_of_a_type_are_known_without_a_value_of_it() {
    let every = ["Unit", "Newtype", "Tuple", "Fields", "other_name"];
    assert_eq!(names::<Every>().unwrap(), every);
    assert_eq!(names::<Alert>().unwrap(), ["Alert"]);
    assert_eq!(names::<Wrapped>().unwrap(), ["Wrapped"]);
    assert_eq!(names::<Bare>().unwrap(), ["Bare"]);
    assert_eq!(names::<u64>(), None);
    assert_eq!(names::<Vec<Every>>(), None);
}

#[test]
fn what_has_no_name_is_refused() {
    assert!(write(&7_u64, &mut Vec::new()).is_err());
    assert!(write(&vec![Every::Unit], &mut Vec::new()).is_err());
    assert!(write(&Some(Every::Unit), &mut Vec::new()).is_err());
    assert!(read::<u64>("u64", b"7").is_err());
}

#[test]
fn content_that_does_not_fit_is_refused() {
    for (name, json) in [
        ("Unit", "7"),
        ("Unit", "{} {}"),
        ("Fields", "[1,2,3,\"x\",null]"),
        ("Tuple", "[1]"),
        ("Unknown", "{}"),
        ("Newtype", "[1,2"),
        ("Newtype", "[1.5]"),
    ] {
        assert!(read::<Every>(name, json.as_bytes()).is_err(), "{name} {json} was read");
    }
}

#[test]
fn a_field_that_a_newer_writer_added_is_passed_over() {
    let read_unit = read::<Every>("Unit", br#"{"new":[1,{}]}"#).unwrap();
    assert_eq!(read_unit, Every::Unit);
    let alert = read::<Alert>("Alert", br#"{"reason":"x","new":1}"#).unwrap();
    assert_eq!(alert, Alert { reason: "x".into() });
}

proptest! {
    #[test]
    fn no_number_and_no_text_is_changed(
        big: u64, small: i64, wide: i128, text: String, maybe: Option<bool>,
    ) {
        let value = Every::Fields { big, small, wide, text, maybe };
        let mut written = Vec::new();
        let name = write(&value, &mut written).unwrap();
        prop_assert_eq!(read::<Every>(name, &written).unwrap(), value);
    }
}
