//! Looking at settings and services, and being told what was meant.

use serde_json::json;

use super::shell::{done, folder, program, run};

#[test]
fn services_are_listed_and_described_without_opening_anything() {
    let here = folder();
    let listed = run(here.path(), &["service", "list"]).well();
    let rows = listed.rows();
    assert_eq!(rows[0], ["bank.account", "account", "balance", "statement", "ledger"]);
    let names: Vec<_> = rows.iter().map(|row| row[0]).collect();
    assert_eq!(names, ["bank.account", "bank.savings", "bank.fraud", "bank.transfer"]);
    let told = run(here.path(), &["service", "describe"]).well();
    for expected in ["service bank.account", "aggregate account", "account.deposited@1", "owner"] {
        assert!(told.out.contains(expected), "{}", told.out);
    }
    let json = run(here.path(), &["service", "describe", "bank.account", "--output", "json"]);
    let described = &json.well().json()[0];
    assert_eq!(described["service"], "bank.account");
    assert_eq!(described["aggregates"][0]["kind"], "account");
    assert_eq!(described["views"].as_array().map(Vec::len), Some(3));
    let left = std::fs::read_dir(here.path()).expect("it is there").count();
    assert_eq!(left, 0, "nothing was opened or made");
}

#[test]
fn whoever_mistypes_is_told_what_may_have_been_meant() {
    let here = folder();
    let unknown = run(here.path(), &["service", "describe", "bank.acount"]);
    assert!(unknown.failed("app-unknown-name").err.contains("did you mean \"bank.account\"?"));
    let unknown = run(here.path(), &["serve", "accounts"]);
    assert!(unknown.failed("app-unknown-name").err.contains("there is no service \"accounts\""));
    let unknown = run(here.path(), &["view", "verify", "bank.account", "balanse"]);
    assert!(unknown.failed("app-unknown-name").err.contains("did you mean \"balance\"?"));
    for (typed, meant) in [
        (&["servcie", "list"][..], "'service'"),
        (&["view", "rebiuld", "bank.account", "balance"], "'rebuild'"),
        (&["config", "chek"], "'check'"),
        (&["log", "tial"], "'tail'"),
        (&["config", "print", "--redactd"], "'--redacted'"),
    ] {
        let told = run(here.path(), typed).misunderstood();
        assert!(told.err.contains(meant), "{typed:?}: {}", told.err);
    }
    for typed in [&[][..], &["serve"], &["view", "rebuild", "bank.account"], &["view"]] {
        let told = run(here.path(), typed);
        assert_eq!(told.code, 2, "{typed:?}");
        assert!(told.err.contains("Usage: bank"), "{typed:?}: {}", told.err);
    }
    let told = run(here.path(), &["view", "list", "--output", "xml"]).misunderstood();
    assert!(told.err.contains("table, json"), "{}", told.err);
    let told = run(here.path(), &["view", "verify", "bank.account", "balance", "--sample", "-1"]);
    assert_eq!(told.code, 2, "{}", told.err);
}

#[test]
fn settings_come_from_flags_the_environment_the_file_and_the_defaults_in_this_order() {
    let here = folder();
    let listen = |file: &str, variable: &str, flag: &str| {
        std::fs::write(here.path().join("ondol.toml"), file).expect("there is room");
        let mut command = program(here.path(), &["config", "print", "--output", "json"]);
        if !variable.is_empty() {
            command.env("ONDOL_HTTP__LISTEN", variable);
        }
        if !flag.is_empty() {
            command.args(["--set", &format!("http.listen={flag}")]);
        }
        done(&mut command).well().json()["http"]["listen"].clone()
    };
    let file = "[http]\nlisten = \"127.0.0.1:1\"\n";
    assert_eq!(listen("", "", ""), "127.0.0.1:8080");
    assert_eq!(listen(file, "", ""), "127.0.0.1:1");
    assert_eq!(listen(file, "127.0.0.1:2", ""), "127.0.0.1:2");
    assert_eq!(listen(file, "127.0.0.1:2", "127.0.0.1:3"), "127.0.0.1:3");
}

#[test]
fn everything_that_is_wrong_with_the_settings_is_told_at_once_with_its_place() {
    let here = folder();
    let file = "[http]\nlisten = \"nowhere\"\nconections_max = 5\n";
    std::fs::write(here.path().join("ondol.toml"), file).expect("there is room");
    let told = run(here.path(), &["config", "check", "--set", "commands.attempts_max=0"]);
    let told = told.failed("config-invalid");
    assert!(told.err.contains("ondol.toml:2"), "{}", told.err);
    let file = "[http]\nconections_max = 5\n";
    std::fs::write(here.path().join("ondol.toml"), file).expect("there is room");
    let told = run(here.path(), &["config", "check", "--set", "log.engine=postgres"]);
    let told = told.failed("config-invalid");
    assert!(
        told.err.contains("ondol.toml:2") && told.err.contains("`connections_max`"),
        "{told:?}"
    );
    let told = run(here.path(), &["config", "check", "--config", "elsewhere.toml"]);
    assert!(told.failed("config-invalid").err.contains("elsewhere.toml"));
    std::fs::write(here.path().join("ondol.toml"), "").expect("there is room");
    let fine = run(here.path(), &["config", "check", "--output", "json"]).well();
    assert_eq!(fine.json(), json!({ "ok": true }));
    let failed = run(here.path(), &["config", "check", "--output", "json", "--set", "data="]);
    let told: serde_json::Value = serde_json::from_str(&failed.err).expect("it is JSON");
    assert_eq!((failed.code, &told["error"]), (1, &json!("config-invalid")));
}

#[test]
fn secrets_are_never_printed() {
    let here = folder();
    let url = "postgres.url=postgres://bank:s3cret@localhost/bank";
    for arguments in [
        &["config", "print", "--set", url][..],
        &["config", "print", "--redacted", "--set", url],
        &["config", "print", "--output", "json", "--set", url],
    ] {
        let told = run(here.path(), arguments).well();
        assert!(!told.out.contains("s3cret"), "{}", told.out);
    }
    let refused = ["view", "list", "--set", url, "--set", "views.engine=postgres"];
    let told = run(here.path(), &refused);
    assert!(told.code == 1 && !told.err.contains("s3cret"), "{told:?}");
}

#[test]
fn every_shell_gets_completions_and_every_command_a_page() {
    let here = folder();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let told = run(here.path(), &["completions", shell]).well();
        for word in ["rebuild", "swap", "verify", "describe"] {
            assert!(told.out.contains(word), "{shell} does not know {word}");
        }
    }
    assert!(run(here.path(), &["completions", "tcsh"]).misunderstood().err.contains("bash"));
    run(here.path(), &["man", "pages"]).well();
    let pages = std::fs::read_dir(here.path().join("pages")).expect("they are there");
    let mut names: Vec<_> = pages
        .map(|page| page.expect("it can be listed").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort_unstable();
    for page in ["bank.1", "bank-view-rebuild.1", "bank-view-swap.1", "bank-log-tail.1"] {
        assert!(names.iter().any(|name| name == page), "{page} is not among {names:?}");
    }
    std::fs::write(here.path().join("file"), "").expect("there is room");
    run(here.path(), &["man", "file/pages"]).failed("app-output");
}

#[test]
fn help_and_version_are_said_on_the_output_proper() {
    let here = folder();
    for arguments in [&["--help"][..], &["view", "--help"], &["help", "view", "rebuild"]] {
        let told = run(here.path(), arguments).well();
        assert!(told.out.contains("Usage: bank"), "{}", told.out);
    }
    assert!(run(here.path(), &["--version"]).well().out.starts_with("bank "));
}
