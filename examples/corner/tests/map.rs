//! The map of the corner shop, and what it tells others, as they stand in the documents.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use corner::PostBox;
use ondol::{App, Map};
use ondol_testkit::current::is_current;
use serde_json::Value;

fn docs(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide/src/maps").join(file)
}

fn shop() -> App {
    corner::app(Some(PostBox::at("posted".into())))
}

#[test]
fn the_map_in_the_documents_is_the_current_one() {
    let map = Map::of(&shop()).unwrap();
    is_current(&docs("corner.svg"), &map.svg());
    is_current(&docs("corner.mmd"), &map.mermaid());
}

#[test]
fn the_map_leads_from_commands_over_events_and_policies_to_commands() {
    let drawn = Map::of(&shop()).unwrap().mermaid();
    let line = |words: &str| {
        let found = drawn.lines().find(|line| line.contains(words));
        let line = found.unwrap_or_else(|| panic!("{words:?} is not in\n{drawn}"));
        line.trim().split(['[', '(', '{']).next().unwrap().to_owned()
    };
    let leads = |from: &str, arrow: &str, to: &str| {
        let edge = format!("  {from} {arrow} {to}\n");
        assert!(drawn.contains(&edge), "{edge:?} is not in\n{drawn}");
    };
    let (order, shelf) = (line("<b>order</b><br/><i>aggregate"), line("<b>shelf</b>"));
    let (orders, reserve) = (line("<b>shop.order</b>"), line("<b>reserve what was ordered</b>"));
    leads(&order, "-->", &orders);
    leads(&orders, "-. hears .->", &reserve);
    leads(&reserve, "-- asks -->", &shelf);
    let contract = line("<b>order</b><br/><i>accepts");
    leads(&line("<b>confirm what was written</b>"), "-- asks -->", &contract);
    leads(&contract, "-- asks -->", &order);
    leads(&orders, "-->", &line("<b>way</b>"));
    assert!(
        drawn.contains("place, confirm, cancel, lapse<br/>→ order.placed, order.confirmed"),
        "{drawn}"
    );
}

/// Says what is wrong with a document, as the official schema of AsyncAPI 3 has it.
const CHECK: &str = r#"
import json, sys
from jsonschema import Draft7Validator, RefResolver
schema = json.load(open(sys.argv[1]))
known = {one["$id"]: one for one in schema["definitions"].values() if "$id" in one}
resolver = RefResolver(schema["$id"], schema, store=known)
for error in Draft7Validator(schema, resolver=resolver).iter_errors(json.load(sys.stdin)):
    print("/".join(map(str, error.absolute_path)), error.message[:300])
"#;

fn problems(document: &Value) -> String {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/asyncapi/3.0.0.json");
    let mut python = Command::new("/usr/bin/python3");
    python.args(["-W", "ignore", "-c", CHECK]).arg(schema);
    let mut child =
        python.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("python starts");
    child
        .stdin
        .take()
        .expect("it is piped")
        .write_all(document.to_string().as_bytes())
        .expect("it is read");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "the check itself has failed");
    String::from_utf8(output.stdout).expect("it is text")
}

#[test]
fn what_the_services_tell_is_an_asyncapi_3_document() {
    let document = shop().asyncapi().unwrap();
    assert_eq!(problems(&document), "");
    let channel = &document["channels"]["shop.stock"];
    assert_eq!(channel["address"], "/bus/shop.stock/feed");
    assert!(channel["messages"]["shop.stock.reserved"].is_object(), "{channel}");
    let told = document["channels"]["shop.notice"]["messages"].as_object().unwrap();
    let told: Vec<_> = told.keys().collect();
    assert_eq!(told, ["shop.notice.too_large"], "what stays inside is not told");
    // The check bites.
    let mut broken = document.clone();
    broken["channels"]["shop.stock"]["adress"] = "/".into();
    assert!(problems(&broken).contains("shop.stock"), "a word that is not known is found");
    let mut broken = document;
    broken["operations"]["tell.shop.stock"]["action"] = "shout".into();
    assert!(problems(&broken).contains("tell.shop.stock"), "so is an action that there is not");
}
