//! All that is on sale, kept at hand, and searched.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use ondol_doors::Clock;
use ondol_http::{PAGE_ITEMS_MAX, Problem, ask_problem};
use ondol_runtime::{FoundPage, Question, ViewReader};
use shop_domain::ProductId;
use tokio::sync::Mutex;

use super::Card;
use super::hangul::{folded, initials, is_consonants};

/// How old what is at hand may be.
const FRESH_FOR: Duration = Duration::from_millis(500);
/// How many products are kept at hand; of more, the last listed are not shown.
const PRODUCTS_MAX: usize = 20_000;
/// How many words a search has.
const WORDS_MAX: usize = 8;

/// All that is on sale. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Shelf {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    cards: ViewReader<Card>,
    clock: Arc<dyn Clock>,
    held: Mutex<Option<(Duration, Arc<Stand>)>>,
}

/// The shelf at a moment.
#[derive(Debug, Default)]
pub(super) struct Stand {
    /// In the order in which they were listed.
    pub(super) goods: Vec<Goods>,
    places: HashMap<ProductId, usize>,
}

/// A product at hand.
#[derive(Debug, Clone)]
pub(super) struct Goods {
    pub(super) id: ProductId,
    pub(super) card: Card,
    text: String,
    initials: String,
}

impl Shelf {
    pub(super) fn new(cards: ViewReader<Card>, clock: Arc<dyn Clock>) -> Self {
        Self { inner: Arc::new(Inner { cards, clock, held: Mutex::default() }) }
    }

    pub(super) fn cards(&self) -> &ViewReader<Card> {
        &self.inner.cards
    }

    /// The shelf as it stood a moment ago; as it stands, if `anew`. Many who ask at once are
    /// answered by one look.
    pub(super) async fn stand(&self, anew: bool) -> Result<Arc<Stand>, Problem> {
        let mut held = self.inner.held.lock().await;
        let now = self.inner.clock.running();
        if let Some((seen, stand)) = held.as_ref()
            && !anew
            && now.saturating_sub(*seen) <= FRESH_FOR
        {
            return Ok(Arc::clone(stand));
        }
        let stand = Arc::new(self.look().await?);
        *held = Some((now, Arc::clone(&stand)));
        Ok(stand)
    }

    async fn look(&self) -> Result<Stand, Problem> {
        let (mut goods, mut after) = (Vec::new(), None);
        loop {
            let question = Question::all(PAGE_ITEMS_MAX).after(after);
            let page = self.inner.cards.ask(question).await;
            let FoundPage { documents, next } = page.map_err(|error| ask_problem(&error))?;
            let found = documents.into_iter().filter(|found| found.state.is_on_sale);
            goods.extend(found.filter_map(|found| {
                let id = found.key.as_str().parse().ok()?;
                Some(Goods::new(id, found.state))
            }));
            after = next;
            if after.is_none() || goods.len() >= PRODUCTS_MAX {
                break;
            }
        }
        goods.sort_by_key(|goods| (goods.card.listed, goods.id));
        goods.truncate(PRODUCTS_MAX);
        let places = goods.iter().enumerate().map(|(at, goods)| (goods.id, at)).collect();
        Ok(Stand { goods, places })
    }
}

impl Stand {
    pub(super) fn get(&self, id: ProductId) -> Option<&Goods> {
        self.goods.get(*self.places.get(&id)?)
    }

    /// Those of a category that have all words of a search in any of their names, after one of
    /// them.
    pub(super) fn find<'a>(
        &'a self,
        category: Option<&'a str>,
        search: &str,
        after: Option<ProductId>,
    ) -> impl Iterator<Item = &'a Goods> {
        let words: Vec<_> = search.split_whitespace().take(WORDS_MAX).map(folded).collect();
        let from = after.and_then(|id| self.places.get(&id)).map_or(0, |at| at + 1);
        let of_category =
            move |goods: &&Goods| category.is_none_or(|wanted| goods.card.category == wanted);
        let found = move |goods: &&Goods| words.iter().all(|word| goods.has(word));
        self.goods.iter().skip(from).filter(of_category).filter(found)
    }
}

impl Goods {
    fn new(id: ProductId, card: Card) -> Self {
        let names: Vec<&str> =
            card.names.values().map(String::as_str).chain([card.category.as_str()]).collect();
        // A line break between them: no word is found half in one and half in the next.
        let names = names.join("\n");
        Self { id, text: folded(&names), initials: initials(&names), card }
    }

    fn has(&self, word: &str) -> bool {
        self.text.contains(word) || (is_consonants(word) && self.initials.contains(word))
    }
}
