//! C7 and C8: the first record that is wrong is named, and what a chain alone cannot see, the
//! anchors do.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};
use ondol_doors::{Clock, SystemClock};
use ondol_vault::{
    AuditError, AuditLog, AuditOptions, AuditRecord, Fault, Outcome, VerifyAuditError,
    masked_address, verify_audit,
};
use tokio::task::JoinSet;

struct Desk {
    folder: tempfile::TempDir,
    clock: Arc<dyn Clock>,
}

fn said(number: usize, clock: &dyn Clock) -> AuditRecord {
    AuditRecord {
        time: clock.now(),
        action: "sign-in".to_owned(),
        outcome: Outcome::Failure,
        actor: Some(format!("user-{number}")),
        client: Some("web".to_owned()),
        address: Some("192.0.2.0/24".to_owned()),
        reason: Some("password".to_owned()),
    }
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self { folder, clock: Arc::new(SystemClock::start()) }
    }

    fn options(&self) -> AuditOptions {
        let at = |name: &str| self.folder.path().join(name);
        AuditOptions { anchor_every: 5, ..AuditOptions::new(at("audit.log"), at("away/anchors")) }
    }

    fn open(&self) -> Result<AuditLog, AuditError> {
        AuditLog::open(&self.options(), Arc::clone(&self.clock))
    }

    async fn filled(records: usize) -> Self {
        let desk = Self::new();
        let log = desk.open().expect("it opens");
        for number in 0..records {
            let held = log.write(&said(number, desk.clock.as_ref())).await.expect("it holds");
            assert_eq!(held, number as u64 + 1);
        }
        drop(log);
        desk
    }

    fn file(&self) -> PathBuf {
        self.options().file
    }

    fn verify(&self) -> Result<u64, VerifyAuditError> {
        let options = self.options();
        verify_audit(&options.file, &options.anchors).map(|verified| verified.records)
    }

    fn wrong(&self) -> (u64, Fault) {
        match self.verify() {
            Err(VerifyAuditError::Wrong { record, fault }) => (record, fault),
            other => unreachable!("it should be wrong: {other:?}"),
        }
    }
}

/// The records as they stand in the file.
fn frames(file: &Path) -> Vec<Vec<u8>> {
    let (bytes, mut frames, mut at) = (fs::read(file).expect("it is there"), Vec::new(), 0);
    while at < bytes.len() {
        let length = u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
        let end = at + 4 + length as usize + 32;
        frames.push(bytes[at..end].to_vec());
        at = end;
    }
    frames
}

fn put(file: &Path, frames: &[Vec<u8>]) {
    fs::write(file, frames.concat()).expect("it can be written");
}

/// Chains payloads anew, as somebody does who knows how the log is made.
fn rewritten(payloads: impl IntoIterator<Item = Vec<u8>>) -> Vec<Vec<u8>> {
    let mut head = vec![0; 32];
    let chained = payloads.into_iter().enumerate().map(|(at, payload)| {
        let mut context = Context::new(&SHA256);
        context.update(b"ondol audit 1\n");
        context.update(&head);
        context.update(&(at as u64 + 1).to_be_bytes());
        context.update(&payload);
        head = context.finish().as_ref().to_vec();
        let length = u32::try_from(payload.len()).expect("short").to_be_bytes();
        [&length[..], &payload, &head].concat()
    });
    chained.collect()
}

fn payload(frame: &[u8]) -> Vec<u8> {
    frame[4..frame.len() - 32].to_vec()
}

#[tokio::test]
async fn what_was_written_is_verified_and_a_new_life_goes_on_with_it() {
    let desk = Desk::filled(12).await;
    assert_eq!(desk.verify().expect("all is well"), 12);
    let log = desk.open().expect("it opens");
    assert_eq!(log.write(&said(12, desk.clock.as_ref())).await.expect("it holds"), 13);
    drop(log);
    assert_eq!(desk.verify().expect("all is well"), 13);
}

#[tokio::test]
async fn c7_the_first_record_that_is_wrong_is_named() {
    let desk = Desk::filled(12).await;
    let good = frames(&desk.file());
    let edited = {
        let mut all = good.clone();
        let text = String::from_utf8_lossy(&payload(&all[6])).replace("user-6", "user-9");
        let end = all[6].len() - 32;
        all[6][4..end].copy_from_slice(text.as_bytes());
        all
    };
    let deleted = [&good[..6], &good[7..]].concat();
    let swapped = {
        let mut all = good.clone();
        all.swap(6, 7);
        all
    };
    let inserted = [&good[..6], &good[3..4], &good[6..]].concat();
    for (row, forged) in
        [("edit", edited), ("delete", deleted), ("swap", swapped), ("insert", inserted)]
    {
        put(&desk.file(), &forged);
        assert_eq!(desk.wrong(), (7, Fault::Changed), "C7 {row}");
        assert!(matches!(desk.open(), Err(AuditError::Broken(_))), "C7 {row}: nothing is added");
    }
    put(&desk.file(), &good);
    assert_eq!(desk.verify().expect("as before"), 12);
}

#[tokio::test]
async fn c7_a_tail_that_was_cut_and_a_chain_that_was_written_anew_are_caught_by_anchors() {
    let desk = Desk::filled(12).await;
    let good = frames(&desk.file());
    for left in [0, 1, 5, 11] {
        put(&desk.file(), &good[..left]);
        let (record, fault) = desk.wrong();
        assert_eq!(record, left as u64 + 1, "C7 cut to {left}");
        assert!(matches!(fault, Fault::Cut { .. }), "C7 cut to {left}");
    }
    let mut payloads: Vec<_> = good.iter().map(|frame| payload(frame)).collect();
    let text = String::from_utf8_lossy(&payloads[6]).replace("failure", "success");
    payloads[6] = text.into_bytes();
    put(&desk.file(), &rewritten(payloads.clone()));
    assert_eq!(desk.wrong(), (6, Fault::Rewritten), "after the anchor at 5");
    assert!(
        verify_audit(&desk.file(), Path::new("/nowhere")).is_ok(),
        "a chain alone sees nothing"
    );
    payloads.remove(6);
    put(&desk.file(), &rewritten(payloads));
    assert_eq!(desk.wrong().0, 6);
}

#[tokio::test]
async fn c7_a_length_that_is_none_is_named() {
    let desk = Desk::filled(3).await;
    let mut bytes = fs::read(desk.file()).expect("it is there");
    bytes[..4].copy_from_slice(&[0xFF; 4]);
    fs::write(desk.file(), &bytes).expect("it can be written");
    assert_eq!(desk.wrong(), (1, Fault::Length));
}

#[tokio::test(flavor = "multi_thread")]
async fn c8_many_writers_make_one_chain() {
    let desk = Desk::new();
    let log = desk.open().expect("it opens");
    let mut writers = JoinSet::new();
    for number in 0..64 {
        let (log, clock) = (log.clone(), Arc::clone(&desk.clock));
        writers.spawn(async move {
            let mut held = Vec::new();
            for _ in 0..10 {
                held.push(log.write(&said(number, clock.as_ref())).await.expect("it holds"));
            }
            held
        });
    }
    let mut numbers = Vec::new();
    while let Some(held) = writers.join_next().await {
        numbers.extend(held.expect("no panic"));
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=640).collect::<Vec<_>>(), "each has its own number");
    assert!(matches!(desk.open(), Err(AuditError::Held { .. })), "C8 a second process is refused");
    drop(log);
    assert_eq!(desk.verify().expect("one chain"), 640);
}

#[tokio::test]
async fn c8_a_crash_at_any_byte_leaves_a_chain_that_goes_on() {
    let desk = Desk::filled(4).await;
    let options = desk.options();
    // As a crash leaves it: four records, none of them anchored yet.
    fs::remove_file(&options.anchors).expect("it is there");
    let whole = fs::read(desk.file()).expect("it is there");
    let ends: Vec<usize> = frames(&desk.file())
        .iter()
        .scan(0, |end, frame| {
            *end += frame.len();
            Some(*end)
        })
        .collect();
    for cut in (0..=whole.len()).step_by(7) {
        fs::write(desk.file(), &whole[..cut]).expect("it can be written");
        fs::write(&options.anchors, "").expect("it can be written");
        let left = ends.iter().filter(|end| **end <= cut).count() as u64;
        let log = desk.open().expect("it opens");
        let next = log.write(&said(9, desk.clock.as_ref())).await.expect("it holds");
        assert_eq!(next, left + 1, "C8 cut at {cut}");
        drop(log);
        assert_eq!(desk.verify().expect("one chain"), left + 1, "C8 cut at {cut}");
    }
}

#[tokio::test]
async fn a_record_holds_no_whole_address() {
    let mask = |text: &str| masked_address(text.parse().expect("an address"));
    assert_eq!(mask("192.0.2.77"), "192.0.2.0/24");
    assert_eq!(mask("::ffff:192.0.2.77"), "192.0.2.0/24");
    assert_eq!(mask("2001:db8:1:2:3:4:5:6"), "2001:db8:1::/48");
}

#[tokio::test]
async fn a_record_has_an_end() {
    let desk = Desk::new();
    let log = desk.open().expect("it opens");
    let mut record = said(1, desk.clock.as_ref());
    record.reason = Some("x".repeat(70_000));
    assert!(matches!(log.write(&record).await, Err(AuditError::TooLong { .. })));
}
