//! Where answers stand: so many, and so many bytes. Those that nobody has asked for since they were last
//! looked at make room for others.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use http::HeaderName;

use super::key::Key;
use super::stored::Stored;

/// Answers of one address: languages, codings, people.
const VARIANTS_MAX: usize = 32;
/// Bytes of an address that has no answer.
const PASS_COST: usize = 256;

/// Answers by their addresses.
#[derive(Debug)]
pub(crate) struct Shelf {
    bytes_max: usize,
    answers_max: usize,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    places: HashMap<Key, Variants>,
    /// All slots, in the order in which they are looked at when room is needed.
    order: BTreeMap<u64, Key>,
    next: u64,
    bytes: usize,
    evicted: u64,
    /// Whoever asks for an address now, and whether it was purged meanwhile.
    asking: BTreeMap<u64, (Key, bool)>,
}

/// What is known of an address, the newest first.
#[derive(Debug, Default)]
struct Variants(Vec<Slot>);

#[derive(Debug)]
struct Slot {
    number: u64,
    used: bool,
    cost: usize,
    holds: Holds,
}

#[derive(Debug)]
enum Holds {
    Answer(Arc<Stored>),
    /// Until then, what is answered here may not be stored.
    Pass(Duration),
}

/// What there is.
#[derive(Debug)]
pub(super) enum Place {
    Found(Arc<Stored>),
    Other,
    Pass,
    Nothing,
}

/// What is to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Purge {
    /// One address.
    Key(Key),
    /// All below a path, of one host or of all.
    Below(Option<String>, String),
    /// All that have this tag.
    Tag(String),
    /// All.
    Everything,
}

/// How much there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) answers: usize,
    pub(crate) bytes: usize,
    pub(crate) evicted: u64,
}

impl Shelf {
    pub(crate) fn new(bytes_max: u64, answers_max: usize) -> Self {
        let bytes_max = usize::try_from(bytes_max).unwrap_or(usize::MAX);
        Self { bytes_max, answers_max, inner: Mutex::default() }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("nobody panics while holding answers")
    }

    /// The newest answer of an address that fits.
    pub(super) fn find(&self, key: &Key, fits: impl Fn(&Stored) -> bool, now: Duration) -> Place {
        let mut inner = self.inner();
        let Some(variants) = inner.places.get_mut(key) else { return Place::Nothing };
        let mut place = Place::Nothing;
        for slot in &mut variants.0 {
            match &slot.holds {
                Holds::Answer(stored) if fits(stored) => {
                    slot.used = true;
                    return Place::Found(Arc::clone(stored));
                }
                Holds::Answer(_) => place = Place::Other,
                Holds::Pass(until) if *until > now && matches!(place, Place::Nothing) => {
                    place = Place::Pass;
                }
                Holds::Pass(_) => {}
            }
        }
        place
    }

    /// An answer of an address that fits.
    pub(crate) fn get(&self, key: &Key, fits: impl Fn(&Stored) -> bool) -> Option<Arc<Stored>> {
        match self.find(key, fits, Duration::ZERO) {
            Place::Found(stored) => Some(stored),
            Place::Other | Place::Pass | Place::Nothing => None,
        }
    }

    /// By which headers answers of an address vary.
    pub(super) fn varying(&self, key: &Key) -> Vec<HeaderName> {
        let inner = self.inner();
        let slots = inner.places.get(key).into_iter().flat_map(|variants| &variants.0);
        let answers = slots.filter_map(|slot| match &slot.holds {
            Holds::Answer(stored) => Some(stored),
            Holds::Pass(_) => None,
        });
        let mut names: Vec<_> = answers.flat_map(|it| it.varying_names().cloned()).collect();
        names.sort_by(|one, other| one.as_str().cmp(other.as_str()));
        names.dedup();
        names
    }

    /// Someone asks for an address.
    pub(super) fn begin(&self, key: &Key) -> u64 {
        let mut inner = self.inner();
        let number = inner.draw();
        inner.asking.insert(number, (key.clone(), false));
        number
    }

    /// He has stopped asking.
    pub(super) fn end(&self, number: u64) {
        self.inner().asking.remove(&number);
    }

    /// Puts an answer there, unless it was asked for before something that made it doubtful.
    pub(crate) fn put(&self, key: &Key, stored: Arc<Stored>, asked: Option<u64>) {
        let mut inner = self.inner();
        let doubtful = asked.and_then(|number| inner.asking.get(&number)).is_some_and(|it| it.1);
        let cost = stored.cost() + 2 * key.cost();
        if doubtful || cost > self.bytes_max {
            return;
        }
        inner.forget(key, |holds| match holds {
            Holds::Answer(other) => stored.replaces(other),
            Holds::Pass(_) => true,
        });
        inner.add(key.owned(), Holds::Answer(stored), cost);
        self.make_room(&mut inner);
    }

    /// Until then, what is answered there may not be stored.
    pub(super) fn pass(&self, key: &Key, until: Duration) {
        let mut inner = self.inner();
        inner.forget(key, |holds| matches!(holds, Holds::Pass(_)));
        let cost = PASS_COST + 2 * key.cost();
        inner.add(key.owned(), Holds::Pass(until), cost);
        self.make_room(&mut inner);
    }

    /// Lets go of answers. How many.
    pub(super) fn purge(&self, what: &Purge) -> u64 {
        let mut inner = self.inner();
        for (key, doubtful) in inner.asking.values_mut() {
            // Which tags an answer has is not known before it has come.
            *doubtful |= matches!(what, Purge::Tag(_)) || what.covers(key);
        }
        let keys: Vec<Key> = match what {
            Purge::Key(key) => vec![key.clone()],
            Purge::Below(..) | Purge::Tag(_) | Purge::Everything => {
                let mut keys: Vec<_> = inner.order.values().collect();
                keys.retain(|key| matches!(what, Purge::Tag(_)) || what.covers(key));
                keys.into_iter().cloned().collect()
            }
        };
        let mut purged = 0;
        for key in keys {
            purged += inner.forget(&key, |holds| match (holds, what) {
                (Holds::Answer(stored), Purge::Tag(tag)) => {
                    stored.tags.iter().any(|known| **known == **tag)
                }
                (Holds::Pass(_), Purge::Tag(_)) => false,
                _ => true,
            });
        }
        purged
    }

    pub(super) fn size(&self) -> Size {
        let inner = self.inner();
        Size { answers: inner.order.len(), bytes: inner.bytes, evicted: inner.evicted }
    }

    fn make_room(&self, inner: &mut Inner) {
        while inner.bytes > self.bytes_max || inner.order.len() > self.answers_max {
            let Some((number, key)) = inner.order.pop_first() else { return };
            if inner.spare(number, &key) {
                continue;
            }
            inner.evicted += 1;
            inner.remove(&key, number);
        }
    }
}

impl Inner {
    fn draw(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn add(&mut self, key: Key, holds: Holds, cost: usize) {
        let number = self.draw();
        self.bytes += cost;
        self.order.insert(number, key.clone());
        let variants = self.places.entry(key).or_default();
        variants.0.insert(0, Slot { number, used: false, cost, holds });
        if variants.0.len() > VARIANTS_MAX
            && let Some(last) = variants.0.pop()
        {
            self.bytes -= last.cost;
            self.order.remove(&last.number);
            self.evicted += 1;
        }
    }

    /// What has been asked for since it was last looked at stays once more.
    fn spare(&mut self, number: u64, key: &Key) -> bool {
        let next = self.draw();
        let slots = self.places.get_mut(key).into_iter().flat_map(|variants| &mut variants.0);
        let Some(slot) = slots.into_iter().find(|slot| slot.number == number && slot.used) else {
            return false;
        };
        (slot.used, slot.number) = (false, next);
        self.order.insert(next, key.clone());
        true
    }

    /// Takes out what is so. How many answers.
    fn forget(&mut self, key: &Key, is_so: impl Fn(&Holds) -> bool) -> u64 {
        let Some(variants) = self.places.get(key) else { return 0 };
        let gone = variants.0.iter().filter(|slot| is_so(&slot.holds));
        let gone: Vec<_> =
            gone.map(|slot| (slot.number, matches!(slot.holds, Holds::Answer(_)))).collect();
        for (number, _) in &gone {
            self.order.remove(number);
            self.remove(key, *number);
        }
        crate::body::wide(gone.iter().filter(|(_, answer)| *answer).count())
    }

    fn remove(&mut self, key: &Key, number: u64) {
        let Some(variants) = self.places.get_mut(key) else { return };
        if let Some(at) = variants.0.iter().position(|slot| slot.number == number) {
            self.bytes -= variants.0.remove(at).cost;
        }
        if variants.0.is_empty() {
            self.places.remove(key);
        }
    }
}

impl Purge {
    /// Whether all answers of an address go.
    fn covers(&self, key: &Key) -> bool {
        match self {
            Self::Key(one) => one == key,
            Self::Below(host, path) => key.is_below(host.as_deref(), path),
            Self::Tag(_) => false,
            Self::Everything => true,
        }
    }
}
