//! A storm: many buy the same few things, change their minds, are short of money, and the payment
//! provider and the carrier fail in every way they can. Nobody waits for fair weather.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use ondol_doors::{Clock, Rng, SeededRng, SystemClock};
use ondol_kernel::{Currency, Id, Money};
use ondol_runtime::{Desk, Request};
use outside::{Change, Provider, World};
use shop::BreakerTimes;
use shop_domain::order::{Command, Line, Order, Region};
use shop_domain::stock::{Command as StockCommand, Stock};
use shop_domain::{BuyerId, OrderId, Plain, ProductId, Quantity};
use tokio::task::JoinSet;

use crate::{Audit, Floor, audit};

/// How many products there are: few, so that many want the same.
const PRODUCTS: u128 = 6;
/// How many pieces of each there are at first, and how many come now and then.
const PIECES: u32 = 40;
/// How often pieces come.
const DELIVERED_EVERY: Duration = Duration::from_secs(2);
/// How often the weather changes.
const WEATHER: Duration = Duration::from_millis(700);
/// How long a storm may go on after it is over: every purchase has ended by then.
const ENDS_WITHIN: Duration = Duration::from_secs(180);
/// How much of what is wrong is told.
const TOLD_MAX: usize = 20;
/// How long the shop waits for an answer: in fair weather it comes in time on a busy machine as well, or
/// nothing would ever end.
const ANSWER_MS: u64 = 1_000;
/// How long a buyer looks at one order before he goes on to the next.
const LOOKS: Duration = Duration::from_secs(30);

/// What a storm is like.
#[derive(Debug, Clone, Copy)]
pub struct Storm {
    /// How many buy at once.
    pub buyers: u64,
    /// How long.
    pub lasts: Duration,
    /// The number that chance follows from.
    pub seed: u64,
}

/// What came of it.
#[derive(Debug)]
pub struct StormReport {
    /// How often the weather changed.
    pub changes: u32,
    /// How long the last purchase took to end when the storm was over.
    pub ended_after: Duration,
    /// What the books say.
    pub books: Audit,
    /// What does not add up.
    pub wrong: Vec<String>,
}

impl fmt::Display for StormReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { changes, ended_after, books, wrong } = self;
        let after = ended_after.as_secs_f64();
        write!(f, "{books}; {changes} changes of weather; all had ended {after:.1} s after it")?;
        wrong.iter().take(TOLD_MAX).try_for_each(|wrong| write!(f, "\nBROKEN: {wrong}"))?;
        match wrong.len().saturating_sub(TOLD_MAX) {
            0 => Ok(()),
            more => write!(f, "\nBROKEN: {more} more like these"),
        }
    }
}

/// Lets it storm, waits until every purchase has ended, and checks the books.
///
/// # Errors
/// When the shop does not come up, or cannot be asked.
pub async fn storm(storm: &Storm) -> anyhow::Result<StormReport> {
    let floor =
        Floor::open(BreakerTimes { failures: 3, open_ms: 200, answer_ms: ANSWER_MS }).await?;
    let products = Arc::new(floor.offer(PRODUCTS, PIECES).await?);
    let clock = Arc::new(SystemClock::start());
    let until = clock.running() + storm.lasts;
    let mut buyers = JoinSet::new();
    for number in 0..storm.buyers {
        let desk = floor.stage.service("shop.order").context("it runs")?.desk()?;
        let (products, clock) = (Arc::clone(&products), Arc::clone(&clock));
        let rng = SeededRng::new(storm.seed.wrapping_add(number));
        buyers.spawn(async move { Buyer { number, desk, products, rng, clock }.buys(until).await });
    }
    let stocks: Desk<Stock> = floor.stage.service("shop.stock").context("it runs")?.desk()?;
    let deliveries = deliver(&stocks, &products, &clock, until);
    let weather = Weather { world: &floor.world, rng: SeededRng::new(!storm.seed) };
    let (changes, delivered) = tokio::join!(weather.changes(&clock, until), deliveries);
    delivered?;
    let mut placed = 0;
    while let Some(buyer) = buyers.join_next().await {
        placed += buyer??;
    }
    let over = clock.running();
    let ended = floor.all_ended(placed, &clock, ENDS_WITHIN).await?;
    let ended_after = clock.running().saturating_sub(over);
    let (books, mut wrong) = audit(&floor).await?;
    wrong.extend((!ended).then(|| "not every purchase has ended".to_owned()));
    if books.orders != placed {
        wrong.push(format!("{placed} orders were placed, and {} are there", books.orders));
    }
    floor.close().await?;
    Ok(StormReport { changes: changes?, ended_after, books, wrong })
}

/// Somebody who buys.
struct Buyer {
    number: u64,
    desk: Desk<Order>,
    products: Arc<Vec<ProductId>>,
    rng: SeededRng,
    clock: Arc<SystemClock>,
}

impl Buyer {
    /// Buys one thing after the other; how many orders were placed.
    async fn buys(self, until: Duration) -> anyhow::Result<u64> {
        let mut placed = 0;
        while self.clock.running() < until {
            placed += 1;
            let number = u128::from(self.number) << 64 | u128::from(placed);
            let order = OrderId::from_u128(number).to_string();
            let mut heads = self.desk.watch();
            let request = Request::new(Id::from_u128(1 << 127 | number));
            self.desk.handle(&order, self.order()?, &request).await?;
            if self.rng.below(12) == 0 {
                self.clock.sleep(Duration::from_millis(self.rng.below(300))).await;
                self.calls_off(number).await?;
            }
            let ends = async {
                while !self.has_ended(&order).await? {
                    heads.changed().await?;
                }
                anyhow::Ok(())
            };
            // Whoever has waited for long buys something else meanwhile.
            match tokio::time::timeout(LOOKS, ends).await {
                Ok(ended) => ended?,
                Err(_elapsed) => {}
            }
        }
        Ok(placed)
    }

    async fn calls_off(&self, number: u128) -> anyhow::Result<()> {
        let order = OrderId::from_u128(number);
        let request = Request::new(Id::from_u128(3 << 126 | number));
        // It may be on its way, or have come to nothing: then he is told no.
        self.desk.handle(&order.to_string(), Command::CallOff { order }, &request).await?;
        Ok(())
    }

    async fn has_ended(&self, order: &str) -> anyhow::Result<bool> {
        let order = self.desk.standing(order).await?.state;
        Ok(match order {
            Order::Alive { stage, .. } => stage == shop_domain::order::Stage::Delivered,
            Order::Cancelled { .. } => true,
            Order::Unplaced => false,
        })
    }

    fn order(&self) -> anyhow::Result<Command> {
        let first = usize::try_from(self.rng.below(u64::try_from(self.products.len())?))?;
        let many = 1 + usize::try_from(self.rng.below(3))?;
        let lines = (0..many).map(|more| {
            let product = self.products[(first + more) % self.products.len()];
            let pieces = Quantity::new(1 + u32::try_from(self.rng.below(3))?)?;
            anyhow::Ok(Line { product, pieces, price: Money::new(15_000, Currency::KRW) })
        });
        let means = ["card-good", "card-good", "card-good", "card-good", "card-declined"];
        let points = ["SEOUL-04", "BUSAN-02", "SEOUL-04", "SEOUL-04", "SEOUL-04", "nowhere"];
        let of = |choices: &[&'static str]| {
            let at = self.rng.below(u64::try_from(choices.len()).unwrap_or(1));
            choices[usize::try_from(at).unwrap_or(0)]
        };
        Ok(Command::Place {
            buyer: BuyerId::from_u128(u128::from(self.number)),
            region: Region::Asia,
            lines: lines.collect::<Result<_, _>>()?,
            pay_with: Plain::new(of(&means))?,
            send_to: Plain::new(of(&points))?,
        })
    }
}

/// Brings pieces now and then, fewer than are wanted.
async fn deliver(
    stocks: &Desk<Stock>,
    products: &[ProductId],
    clock: &SystemClock,
    until: Duration,
) -> anyhow::Result<()> {
    let mut number = 0_u128;
    while clock.running() < until {
        clock.sleep(DELIVERED_EVERY).await;
        for product in products {
            number += 1;
            let pieces = Quantity::new(PIECES)?;
            let receive = StockCommand::Receive { note: format!("storm {number}"), pieces };
            let request = Request::new(Id::from_u128(5 << 125 | number));
            stocks.handle(&product.to_string(), receive, &request).await?;
        }
    }
    Ok(())
}

/// The weather outside.
struct Weather<'a> {
    world: &'a World,
    rng: SeededRng,
}

impl Weather<'_> {
    /// It changes until the storm is over; then it is fair, and stays so.
    async fn changes(&self, clock: &SystemClock, until: Duration) -> anyhow::Result<u32> {
        let mut changes = 0;
        while clock.running() < until {
            for provider in [Provider::Payment, Provider::Carrier] {
                self.world.change(provider, &self.change())?;
                changes += 1;
            }
            clock.sleep(WEATHER).await;
        }
        for provider in [Provider::Payment, Provider::Carrier] {
            self.world.mend(provider);
        }
        Ok(changes)
    }

    fn change(&self) -> Change {
        let percent = |most: u64| u8::try_from(self.rng.below(most)).ok();
        Change {
            latency_ms: Some(self.rng.below(60)),
            jitter_ms: Some(self.rng.below(200)),
            errors_percent: percent(30),
            lost_percent: percent(30),
            refused_percent: percent(15),
            silent_percent: percent(10),
            is_out: Some(self.rng.below(6) == 0),
            transit_ms: Some(self.rng.below(200)),
        }
    }
}
