//! Documents, checkpoints and questions that the cases are made of.

use ondol_kernel::{Position, Timestamp};
use ondol_store::LogEpoch;

use crate::{
    Advance, Change, Checkpoint, Definition, Document, DocumentKey, Entry, LastEvent, Parked,
    Parking, Query, Selection, SourceName, Target, Unit, ValueSpan, ViewId, ViewStore, Write,
    ordered,
};

/// The index of texts, and that of numbers, of the made-up view.
pub const OWNER: (&str, u16) = ("owner", 0);
/// The index of whole numbers.
pub const AMOUNT: (&str, u16) = ("amount", 1);

/// The life of the made-up log.
pub const EPOCH: LogEpoch = LogEpoch::from_u128(0x0001);

/// The name of a log.
pub fn source(name: &str) -> SourceName {
    SourceName::new(name).expect("the cases name logs by the rules")
}

/// The made-up log.
pub fn bank() -> SourceName {
    source("bank.account")
}

/// The key of a document.
pub fn key(text: &str) -> DocumentKey {
    DocumentKey::new(text).expect("the cases name documents by the rules")
}

/// A build of a version of the made-up view.
pub fn view(version: u32, build: u32) -> ViewId {
    let name = "statement".parse().expect("the cases name views by the rules");
    ViewId { name, version, build }
}

/// What the made-up view is made as.
pub fn definition(id: ViewId) -> Definition {
    let indexes = vec![OWNER.0.to_owned(), AMOUNT.0.to_owned()];
    Definition { id, indexes, fold: u64::MAX - 7, made: Timestamp::EPOCH }
}

/// Makes the first build of the first version.
pub async fn made(store: &dyn ViewStore) -> ViewId {
    let id = view(1, 1);
    store.create(definition(id.clone())).await.expect("the view is made");
    id
}

/// A checkpoint of the made-up log.
pub fn at(position: u64) -> Checkpoint {
    Checkpoint { epoch: EPOCH, position: Position::new(position) }
}

/// The made-up log, folded on from one position to another; from nothing, if that is zero.
pub fn advance(from: u64, to: u64) -> Advance {
    let from = (from > 0).then(|| at(from));
    Advance { source: bank(), from, to: at(to) }
}

/// A write that folds the made-up log on.
pub fn write(id: &ViewId, from: u64, to: u64, changes: Vec<Change>) -> Write {
    Write { advances: vec![advance(from, to)], changes, ..Write::to(id.clone()) }
}

/// An entry in the index of texts.
pub fn owner(text: &str) -> Entry {
    let mut value = Vec::new();
    ordered::put_text(&mut value, text);
    Entry { index: OWNER.1, value }
}

/// An entry in the index of numbers.
pub fn amount(number: i64) -> Entry {
    let mut value = Vec::new();
    ordered::put_integer(&mut value, number);
    Entry { index: AMOUNT.1, value }
}

/// A document with these entries.
pub fn document(name: &str, json: &str, mut entries: Vec<Entry>) -> Document {
    entries.sort_unstable();
    let last = LastEvent { source: bank(), position: Position::new(1) };
    Document { key: key(name), json: json.to_owned(), entries, last }
}

/// A new document with these entries.
pub fn put(name: &str, json: &str, entries: Vec<Entry>) -> Change {
    Change::put(document(name, json, entries), None)
}

/// Everything with an entry that equals this one.
pub fn equal(index: (&str, u16), entry: Entry) -> Selection {
    Selection::index(index.0, ValueSpan::beginning_with(entry.value))
}

/// The keys that a query finds on its first page.
pub async fn keys(store: &dyn ViewStore, id: &ViewId, query: Query) -> Vec<String> {
    let page = store.query(&Target::from(id.clone()), query).await.expect("the query is answered");
    page.documents.iter().map(|document| document.key.to_string()).collect()
}

/// The one document, if it is there.
pub async fn get(store: &dyn ViewStore, id: &ViewId, name: &str) -> Option<Document> {
    store.get(&id.clone().into(), &key(name)).await.expect("the document is read").1
}

/// Where the made-up log's checkpoint stands; zero, if nowhere.
pub async fn checkpoint(store: &dyn ViewStore, id: &ViewId) -> u64 {
    let (_, all) = store.checkpoints(&id.clone().into()).await.expect("checkpoints are read");
    crate::checkpoint_of(&all, &bank()).map_or(0, |checkpoint| checkpoint.position.get())
}

/// A parked key.
pub fn parked(name: &str, position: u64) -> Parked {
    Parked {
        unit: Unit::Key(key(name)),
        source: bank(),
        position: Position::new(position),
        reason: "it does not add up".to_owned(),
        tries: 1,
        since: Timestamp::EPOCH,
        waiting: 0,
        is_open: false,
    }
}

/// A write that only parks.
pub fn parking(id: &ViewId, parking: Vec<Parking>) -> Write {
    Write { parking, is_decision: true, ..Write::to(id.clone()) }
}
