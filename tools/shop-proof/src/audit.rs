//! The books of a shop: what its logs say, position by position, against what the world outside says.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use anyhow::Context as _;
use ondol_domain::{Codec, Facts};
use ondol_doors::{Clock, SystemClock};
use ondol_kernel::{Money, Position, Recorded};
use ondol_saga::{Instance, SAGA_KIND, Sagas};
use ondol_store::ReadAll;
use outside::Provider;
use serde::Deserialize;
use serde_json::Value;
use shop_domain::order::Event as OrderEvent;
use shop_domain::stock::Event as StockEvent;

use crate::Floor;

/// How many events are read at a time.
const PAGE: usize = 2_000;
/// How often it is looked whether all has ended.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// What the books say.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Audit {
    /// Orders that were placed.
    pub orders: u64,
    /// Those that were paid and delivered.
    pub delivered: u64,
    /// Those that came to nothing.
    pub cancelled: u64,
    /// Positions of the stock's log at which each shelf was counted.
    pub positions: u64,
    /// The fewest pieces that were ever on a shelf for others.
    pub fewest: i64,
    /// Charges that the payment provider has made.
    pub charges: u64,
    /// Requests that came to the payment provider, and those that changed its books.
    pub asked: u64,
    /// Requests that changed its books.
    pub effects: u64,
}

impl fmt::Display for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { orders, delivered, cancelled, positions, fewest, charges, asked, effects } =
            self;
        write!(
            f,
            "{orders} orders: {delivered} delivered, {cancelled} cancelled; {charges} charges; the \
             payment provider was asked {asked} times and did {effects} things; the fewest pieces on \
             a shelf at any of {positions} positions were {fewest}"
        )
    }
}

/// A payment as the provider has it.
#[derive(Debug, Deserialize)]
struct Payment {
    reference: String,
    status: String,
    amount: i64,
    refunded: i64,
}

/// What an order came to.
#[derive(Debug, Default)]
struct Bought {
    total: Option<Money>,
    is_paid: bool,
    is_delivered: bool,
    is_cancelled: bool,
}

impl Floor {
    /// Waits until so many purchases have ended; whether they have in time.
    ///
    /// # Errors
    /// When it cannot be looked.
    pub async fn all_ended(
        &self,
        count: u64,
        clock: &SystemClock,
        within: Duration,
    ) -> anyhow::Result<bool> {
        let sagas = self.stage.service("shop.order").context("it runs")?.companion::<Sagas>()?;
        let until = clock.running() + within;
        loop {
            let counted = sagas.metrics().snapshot();
            let open = self.open_charges().await?;
            if counted.completed + counted.compensated >= count && open == 0 {
                return Ok(true);
            }
            if clock.running() > until {
                return Ok(false);
            }
            clock.sleep(LOOK_EVERY).await;
        }
    }

    /// How many payments are neither captured nor voided: what was asked may not be done yet.
    async fn open_charges(&self) -> anyhow::Result<usize> {
        let payments = self.payments().await?;
        Ok(payments.iter().filter(|payment| payment.status == "authorized").count())
    }

    /// All payments that the provider knows.
    async fn payments(&self) -> anyhow::Result<Vec<Payment>> {
        let mut all = Vec::new();
        let mut after = String::new();
        loop {
            let page = self.look(&format!("/payment/payments?after={after}")).await?;
            let payments = page["payments"].as_array().context("a list")?;
            let Some(last) = payments.last() else { return Ok(all) };
            after = last["id"].as_str().context("an id")?.to_owned();
            for payment in payments {
                all.push(serde_json::from_value(payment.clone())?);
            }
        }
    }

    async fn events<E: Facts>(&self, service: &str) -> anyhow::Result<Vec<Recorded<E>>> {
        let codec = Codec::<E>::new()?;
        let running = self.stage.service(service).context("it runs")?;
        let store = &running.home().ground.store;
        let (mut after, mut all) = (Position::START, Vec::new());
        loop {
            let page = store.read_all(ReadAll::after(after, PAGE)).await?;
            if page.seen == after {
                return Ok(all);
            }
            after = page.seen;
            for event in page.events {
                if event.stream.kind() == E::KIND {
                    all.push(codec.read(event)?);
                }
            }
        }
    }
}

/// Checks the books; what does not add up, in a sentence each.
///
/// # Errors
/// When they cannot be read.
pub async fn audit(floor: &Floor) -> anyhow::Result<(Audit, Vec<String>)> {
    let (mut audit, mut wrong) = (Audit::default(), Vec::new());
    shelves(floor, &mut audit, &mut wrong).await?;
    let orders = orders(floor, &mut audit).await?;
    ended(floor, &mut wrong).await?;
    money(floor, &orders, &mut audit, &mut wrong).await?;
    Ok((audit, wrong))
}

/// No shelf has ever had fewer pieces than none, at any position.
async fn shelves(floor: &Floor, audit: &mut Audit, wrong: &mut Vec<String>) -> anyhow::Result<()> {
    let mut free: BTreeMap<String, i64> = BTreeMap::new();
    let mut promised: BTreeMap<(String, String), i64> = BTreeMap::new();
    for event in floor.events::<StockEvent>("shop.stock").await? {
        let product = event.stream.key().to_owned();
        let order = |order: &dyn fmt::Display| (product.clone(), order.to_string());
        let shelf = free.entry(product.clone()).or_default();
        match &event.data {
            StockEvent::Received { pieces, .. } => *shelf += i64::from(pieces.pieces()),
            StockEvent::Reserved { order: of, pieces, .. } => {
                *shelf -= i64::from(pieces.pieces());
                promised.insert(order(of), i64::from(pieces.pieces()));
            }
            StockEvent::LetGo { order: of, .. } => {
                *shelf += promised.remove(&order(of)).context("it was promised")?;
            }
            StockEvent::HandedOver { order: of } => {
                promised.remove(&order(of)).context("it was promised")?;
            }
            StockEvent::RanShort { .. } => {}
        }
        audit.positions += 1;
        audit.fewest = if audit.positions == 1 { *shelf } else { audit.fewest.min(*shelf) };
        if *shelf < 0 {
            wrong.push(format!("{shelf} pieces of {product} at position {}", event.position));
        }
    }
    for ((product, order), pieces) in promised {
        wrong.push(format!("{pieces} pieces of {product} are kept for {order}, which has ended"));
    }
    Ok(())
}

async fn orders(floor: &Floor, audit: &mut Audit) -> anyhow::Result<BTreeMap<String, Bought>> {
    let mut orders: BTreeMap<String, Bought> = BTreeMap::new();
    for event in floor.events::<OrderEvent>("shop.order").await? {
        let order = orders.entry(event.stream.key().to_owned()).or_default();
        match event.data {
            OrderEvent::Placed { total, .. } => order.total = Some(total),
            OrderEvent::Paid { .. } => order.is_paid = true,
            OrderEvent::Delivered => order.is_delivered = true,
            OrderEvent::Cancelled { .. } => order.is_cancelled = true,
            OrderEvent::Begun
            | OrderEvent::CalledOff { .. }
            | OrderEvent::StockReserved
            | OrderEvent::Shipped { .. } => {}
        }
    }
    let count = |is: fn(&&Bought) -> bool| u64::try_from(orders.values().filter(is).count());
    audit.orders = count(|_order| true)?;
    audit.delivered = count(|order| order.is_delivered)?;
    audit.cancelled = count(|order| order.is_cancelled)?;
    Ok(orders)
}

/// Every purchase has come to its end.
async fn ended(floor: &Floor, wrong: &mut Vec<String>) -> anyhow::Result<()> {
    let mut sagas: BTreeMap<String, Instance> = BTreeMap::new();
    for event in floor.events::<ondol_saga::Fact>("shop.order").await? {
        let key = event.stream.to_string();
        match sagas.get_mut(&key) {
            Some(saga) => saga.apply(&event.data, event.metadata.time)?,
            None => {
                let saga = Instance::begin(event.stream.clone(), &event.data, &event.metadata)?;
                sagas.insert(key, saga);
            }
        }
    }
    anyhow::ensure!(!sagas.is_empty(), "there are {SAGA_KIND}s");
    for (key, saga) in sagas.iter().filter(|(_, saga)| !saga.is_ended()) {
        wrong.push(format!("{key} is {}: {:?}", saga.state().name(), saga.because()));
    }
    Ok(())
}

/// What was delivered is paid once, what came to nothing is not, and nothing was done twice.
async fn money(
    floor: &Floor,
    orders: &BTreeMap<String, Bought>,
    audit: &mut Audit,
    wrong: &mut Vec<String>,
) -> anyhow::Result<()> {
    let payments = floor.payments().await?;
    let mut by_order: BTreeMap<&str, Vec<&Payment>> = BTreeMap::new();
    for payment in &payments {
        by_order.entry(&payment.reference).or_default().push(payment);
    }
    for (key, order) in orders {
        let of_it = by_order.get(key.as_str()).map(Vec::as_slice).unwrap_or_default();
        let captured: Vec<i64> = of_it
            .iter()
            .filter(|payment| payment.status == "captured")
            .map(|payment| payment.amount - payment.refunded)
            .collect();
        let total = order.total.map(Money::minor);
        let is_right = match (order.is_delivered, order.is_cancelled) {
            (true, false) => order.is_paid && captured == total.into_iter().collect::<Vec<_>>(),
            (false, true) => !order.is_paid && captured.is_empty(),
            _ => false,
        };
        if !is_right {
            wrong.push(format!("the order {key} is {order:?}, and paid {captured:?}"));
        }
        if of_it.len() > 1 {
            wrong.push(format!("the order {key} was authorized {} times", of_it.len()));
        }
        audit.charges += u64::try_from(captured.len())?;
    }
    // Each payment is made once, and kept or given up once: each under a key of its own.
    let done = payments.iter().map(|payment| if payment.status == "authorized" { 1 } else { 2 });
    let done: u64 = done.sum();
    let counts = floor.world.counts(Provider::Payment);
    (audit.asked, audit.effects) = (counts.came, counts.effects);
    if counts.effects != done {
        wrong.push(format!("the provider did {} things, and {done} were due", counts.effects));
    }
    if audit.charges != audit.delivered {
        wrong.push(format!("{} charges, {} orders delivered", audit.charges, audit.delivered));
    }
    Ok(())
}

impl Floor {
    /// What the world outside shows at a path.
    async fn look(&self, path: &str) -> anyhow::Result<Value> {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let mut stream = tokio::net::TcpStream::connect(self.outside).await?;
        let request = format!("GET {path} HTTP/1.1\r\nhost: world\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        let (head, body) = answer.split_once("\r\n\r\n").context("an answer")?;
        anyhow::ensure!(head.starts_with("HTTP/1.1 200"), "{head}");
        let begins = body.find('{').context("a body")?;
        let ends = body.rfind('}').context("a whole body")?;
        Ok(serde_json::from_str(&body[begins..=ends])?)
    }
}
