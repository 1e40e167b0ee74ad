//! What stands in `deploy/observability` is made of what the shop says of itself, and Prometheus'
//! own tool finds nothing wrong with it.

use std::path::{Path, PathBuf};
use std::process::Command;

use ondol_telemetry::dashboard;
use ondol_telemetry::objectives::{Objective, problems, prometheus_rules};
use serde::Deserialize;

use super::house::House;

#[derive(Deserialize)]
struct Objectives {
    objectives: Vec<Objective>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../deploy/observability")
}

/// A file that is made: written anew where that is asked for, and compared where it is not.
fn is_made(name: &str, text: &str) {
    let path = folder().join(name);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, text).expect("it can be written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == text, "{name} is not what the code makes: UPDATE=1 makes it anew");
}

#[tokio::test(flavor = "multi_thread")]
async fn dashboards_show_what_the_shop_counts() {
    let house = House::open().await;
    let tea = house.offer("녹차", "Green tea", "tea", 15_000).await;
    house.deliver(&tea, 10).await;
    let order = house.buy("kim", &tea, 1, "card-good").await;
    house.until_state("kim", &order, &["delivered"]).await;
    let said = house.numbers();
    house.close().await;
    let boards = [
        (
            "grafana/services.json",
            "Ondol services",
            &["ondol_log", "ondol_duty", "ondol_view", "ondol_reaction", "ondol_timers"][..],
        ),
        ("grafana/sagas.json", "Ondol sagas", &["ondol_saga"]),
        ("grafana/requests.json", "Ondol requests", &["http_server"]),
    ];
    for (name, title, begin_with) in boards {
        let text = dashboard(title, &said, begin_with);
        assert!(text.contains("\"expr\""), "{name} shows something");
        is_made(name, &text);
    }
}

#[test]
fn rules_are_made_of_objectives_and_promtool_finds_nothing_wrong() {
    let text = std::fs::read_to_string(folder().join("objectives.toml")).expect("it is there");
    let Objectives { objectives } = toml::from_str(&text).expect("objectives");
    assert_eq!(problems(&objectives), []);
    is_made("rules.yml", &prometheus_rules(&objectives));
    let mut promtool = Command::new("promtool");
    promtool.args(["check", "config", "prometheus.yml"]).current_dir(folder());
    let checked = promtool.output().expect("promtool is installed");
    let said = [checked.stdout, checked.stderr].concat();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&said));
}
