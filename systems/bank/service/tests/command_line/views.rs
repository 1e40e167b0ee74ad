//! Views rebuilt, swapped and compared: while the bank runs, and while it does not.

use serde_json::{Value, json};

use super::bank::Bank;
use super::shell::{Done, done, folder, program, run};

const KIM: &str = "0190a000-0000-7000-8000-000000000001";

/// A bank with some accounts, each opened and paid into twice.
async fn bank_with(accounts: usize) -> Bank {
    let bank = Bank::start(&[]).await;
    let amount = json!({ "amount": { "amount": "10", "currency": "KRW" } });
    let mut last = String::new();
    for number in 0..accounts {
        let opening = json!({ "owner": KIM, "currency": "KRW" });
        let opened = bank.post("/accounts", &format!("open-{number}"), opening).await;
        let account = opened.header("location").to_owned();
        for payment in 0..2 {
            let key = format!("pay-{number}-{payment}");
            let paid = bank.post(&format!("{account}/deposits"), &key, amount.clone()).await;
            last = paid.header("ondol-position").to_owned();
        }
        assert_eq!(bank.get_after(&format!("{account}/balance"), &last).await.status, 200);
        assert_eq!(bank.get_after(&format!("{account}/statement"), &last).await.status, 200);
    }
    bank
}

/// What is asked of the bank, at its admin port if it runs.
async fn told(bank: &Bank, arguments: &[&str]) -> Done {
    let mut command = program(bank.folder(), arguments);
    if let Some(admin) = bank.admin_address().await {
        command.args(["--set", &format!("admin.listen={admin}")]);
    }
    done(&mut command)
}

async fn serving(bank: &Bank) -> Vec<String> {
    let listed = told(bank, &["view", "list", "--output", "json"]).await.well().json();
    let all = listed.as_array().cloned().unwrap_or_default().into_iter();
    let serving = all.filter(|view| view["is_serving"] == true);
    serving.map(|view| view["view"].as_str().unwrap_or_default().to_owned()).collect()
}

/// Everything that can be done with a view, whether the bank runs or not.
async fn everything(bank: &Bank) {
    assert_eq!(serving(bank).await, ["balance@2.1", "ledger@1.1", "statement@2.1"]);
    let of = ["bank.account", "balance"];
    let verified = told(bank, &["view", "verify", of[0], of[1], "--output", "json"]).await.well();
    let verified = verified.json();
    assert_eq!((&verified["documents"], &verified["differing"]), (&json!(5), &json!(0)));
    let sampled = ["view", "verify", of[0], of[1], "--sample", "2", "--output", "json"];
    let sampled = told(bank, &sampled).await.well().json();
    assert_eq!(sampled["differing"], 0, "as many as chance takes, about so many");
    let none = told(bank, &["view", "swap", of[0], of[1]]).await;
    assert!(none.err.contains("view-no-other-build"), "{none:?}");
    let rebuilt = told(bank, &["view", "rebuild", of[0], of[1]]).await.well();
    assert_eq!(rebuilt.rows(), [["balance@2.2"]]);
    assert_eq!(serving(bank).await, ["balance@2.2", "ledger@1.1", "statement@2.1"]);
    let back = told(bank, &["view", "swap", of[0], of[1]]).await.well();
    assert_eq!(back.rows(), [["balance@2.1"]]);
    assert_eq!(serving(bank).await, ["balance@2.1", "ledger@1.1", "statement@2.1"]);
    let on = told(bank, &["view", "swap", of[0], of[1], "balance@2.2"]).await.well();
    assert_eq!(on.rows(), [["balance@2.2"]]);
    for (build, code) in [
        ("balance@1.1", "view-of-another-version"),
        ("statement@2.1", "view-of-another-version"),
        ("balance", "view-name"),
    ] {
        let wrong = told(bank, &["view", "swap", of[0], of[1], build]).await;
        assert!(wrong.code == 1 && wrong.err.contains(code), "{build}: {wrong:?}");
    }
    let verified = told(bank, &["view", "verify", of[0], of[1]]).await.well();
    assert_eq!(verified.rows()[0][0], "balance@2.2");
}

#[tokio::test(flavor = "multi_thread")]
async fn views_are_rebuilt_swapped_and_compared_while_the_bank_runs() {
    let bank = bank_with(5).await;
    everything(&bank).await;
    let unknown = told(&bank, &["view", "rebuild", "bank.account", "balanse"]).await;
    assert!(unknown.code == 1 && unknown.err.contains("did you mean"), "{unknown:?}");
    let accounts = bank.get("/accounts").await;
    assert_eq!(accounts.body["items"].as_array().map(Vec::len), Some(5));
    bank.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn views_are_rebuilt_swapped_and_compared_while_the_bank_does_not_run() {
    let bank = bank_with(5).await;
    bank.stop().await;
    everything(&bank).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_was_tampered_with_is_found_shown_and_rebuilt_alone() {
    let bank = bank_with(3).await;
    let accounts = bank.get("/accounts").await;
    let key = accounts.body["items"][0]["account"].as_str().expect("it has one").to_owned();
    bank.stop().await;
    let file = bank.folder().join("data/bank.account/views.db");
    let views = rusqlite::Connection::open(file).expect("it is there");
    let table = "SELECT id FROM ondol_views WHERE name = 'balance'";
    let table: i64 = views.query_row(table, [], |row| row.get(0)).expect("it is one");
    let rob = format!(
        "UPDATE documents_{table} SET json = replace(json, '\"20\"', '\"99\"') WHERE key = ?1"
    );
    assert_eq!(views.execute(&rob, [&key]).expect("it is changed"), 1);
    drop(views);
    let found = told(&bank, &["view", "verify", "bank.account", "balance"]).await;
    assert_eq!(found.code, 1, "{found:?}");
    assert!(found.err.starts_with("error[view-differs]"), "{}", found.err);
    assert!(found.out.contains(&key) && found.out.contains("99"), "{}", found.out);
    let json = ["view", "verify", "bank.account", "balance", "--output", "json"];
    let told_json = told(&bank, &json).await;
    assert_eq!(told_json.json()["differences"][0]["key"], key.as_str());
    let failed: Value = serde_json::from_str(&told_json.err).expect("it is JSON");
    assert_eq!(failed["error"], "view-differs");
    let mended = told(&bank, &["view", "rebuild", "bank.account", "balance", "--key", &key]).await;
    assert_eq!(mended.well().rows(), [[key.as_str(), "no"]]);
    assert_eq!(
        serving(&bank).await,
        ["balance@2.1", "ledger@1.1", "statement@2.1"],
        "only the document"
    );
    told(&bank, &["view", "verify", "bank.account", "balance"]).await.well();
}

#[test]
fn looking_for_views_that_never_were_makes_none() {
    let here = folder();
    let listed = run(here.path(), &["view", "list"]).well();
    assert_eq!(listed.out, "SERVICE  VIEW  SERVES  DOCUMENTS  PARKED  FOLDED\n");
    assert_eq!(run(here.path(), &["view", "list", "--output", "json"]).well().json(), json!([]));
    assert!(!here.path().join("data").exists());
}
