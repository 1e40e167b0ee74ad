//! What somebody may like: what the recommendation engine says, or else what is popular.

use ondol_http::{PAGE_ITEMS_MAX, Problem, ask_problem};
use ondol_resilience::Problems;
use ondol_runtime::{Question, ViewReader};
use shop_domain::{BuyerId, ProductId};

use super::Popular;
use super::shelf::Stand;
use crate::options::CatalogOptions;
use crate::provider::{Provider, Said};

/// How many are named.
pub(super) const NAMED: usize = 8;
/// Among how many the engine chooses.
const CANDIDATES_MAX: usize = 100;

/// Where recommendations come from.
#[derive(Debug, Clone)]
pub(super) struct Recommender {
    engine: Provider,
    popular: ViewReader<Popular>,
}

/// What is recommended, and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Recommended {
    pub(super) products: Vec<ProductId>,
    /// Whether it is only what is popular.
    pub(super) is_fallback: bool,
}

impl Recommender {
    pub(super) fn new(
        options: &CatalogOptions,
        popular: ViewReader<Popular>,
    ) -> Result<Self, Problems> {
        let engine = Provider::new("recommendation", &options.recommendation, options.breaker)?;
        Ok(Self { engine, popular })
    }

    /// What somebody may like of what is on the shelf.
    pub(super) async fn recommend(
        &self,
        buyer: Option<BuyerId>,
        stand: &Stand,
    ) -> Result<Recommended, Problem> {
        if let Some(buyer) = buyer
            && let Some(products) = self.engine_says(buyer, stand).await
        {
            return Ok(Recommended { products, is_fallback: false });
        }
        Ok(Recommended { products: self.popular(stand).await?, is_fallback: true })
    }

    async fn engine_says(&self, buyer: BuyerId, stand: &Stand) -> Option<Vec<ProductId>> {
        let ids = stand.goods.iter().take(CANDIDATES_MAX).map(|goods| goods.id.to_string());
        let among = ids.collect::<Vec<_>>().join(",");
        let path = format!("/recommendations?person={buyer}&among={among}&count={NAMED}");
        match self.engine.look(&path).await {
            Ok(Said::Yes(body)) => {
                let named = body["recommended"].as_array()?;
                let ids = named.iter().filter_map(|id| id.as_str()?.parse().ok());
                let known: Vec<ProductId> = ids.filter(|id| stand.get(*id).is_some()).collect();
                (!known.is_empty()).then_some(known)
            }
            Ok(Said::No(_)) => None,
            Err(error) => {
                tracing::warn!(%error, "no recommendations are had: popular products instead");
                None
            }
        }
    }

    /// The most sold first; while nothing was sold, what was listed first.
    async fn popular(&self, stand: &Stand) -> Result<Vec<ProductId>, Problem> {
        let question = Question::in_order_of("sold", PAGE_ITEMS_MAX).descending();
        let found = self.popular.ask(question).await.map_err(|error| ask_problem(&error))?;
        let sold = found.documents.iter().filter_map(|found| found.key.as_str().parse().ok());
        let mut products: Vec<ProductId> =
            sold.filter(|id| stand.get(*id).is_some()).take(NAMED).collect();
        for goods in &stand.goods {
            if products.len() >= NAMED {
                break;
            }
            if !products.contains(&goods.id) {
                products.push(goods.id);
            }
        }
        Ok(products)
    }
}
