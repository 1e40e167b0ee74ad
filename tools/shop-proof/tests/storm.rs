//! Fifty people buy the same few things while everything outside goes wrong. `shop-torture` is the same for
//! minutes.

use std::time::Duration;

use shop_proof::{Storm, storm};

#[tokio::test(flavor = "multi_thread")]
async fn whatever_fails_outside_what_is_delivered_is_paid_once_and_nothing_else() {
    let lasts = Duration::from_secs(3);
    let report = storm(&Storm { buyers: 50, lasts, seed: 20_261_129 }).await;
    let report = report.expect("the shop comes up");
    assert!(report.wrong.is_empty(), "{report}");
    assert!(report.books.orders >= 50, "each has bought something: {report}");
    assert_eq!(report.books.charges, report.books.delivered);
}
