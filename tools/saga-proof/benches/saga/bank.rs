//! Two account services and one for transfers, each over a log of its own.

use std::path::Path;
use std::sync::Arc;

use bank_domain::account::{Account, Command};
use bank_domain::contract::{Current, Savings};
use bank_domain::transfer::Transfer;
use bank_domain::{CustomerId, TransferId};
use ondol_bus::{About, Directory};
use ondol_domain::Saga;
use ondol_doors::{SystemClock, SystemRng};
use ondol_kernel::{CommandId, Currency, Money};
use ondol_runtime::{Accepts, Desk, Ground, Home, Request, Running, Service, Supervisor};
use ondol_saga::{RunsSagas, Sagas};
use ondol_store_disk::{DiskStore, Doors, Options};
use ondol_timers::MemoryTimers;
use ondol_views::ViewStore;
use ondol_views_sqlite::SqliteViews;

/// How many accounts each service has.
const ACCOUNTS: u64 = 2_000;

/// The services, running.
#[derive(Clone)]
pub(crate) struct Bank {
    pub(crate) sagas: Sagas,
    supervisor: Supervisor,
    _folder: Arc<tempfile::TempDir>,
}

/// Three steps, each at another service's door.
fn transfer() -> Saga<Transfer> {
    Saga::<Transfer>::named("bank.transfer", 1)
        .identified_by(|transfer| transfer.id.to_string())
        .step("hold", |t| Current::Hold {
            account: t.from.clone(),
            transfer: t.id,
            amount: t.amount,
        })
        .undo(|t| Current::Release { account: t.from.clone(), transfer: t.id })
        .step("deposit", |t| Savings::Deposit {
            account: t.to.clone(),
            transfer: t.id,
            amount: t.amount,
        })
        .pivot()
        .step("settle", |t| Current::Settle { account: t.from.clone(), transfer: t.id })
}

pub(crate) fn home(folder: &Path, name: &str) -> anyhow::Result<Home> {
    let folder = folder.join(name);
    let store = DiskStore::open(&Options::in_folder(&folder), &Doors::default())?;
    let options = ondol_views_sqlite::Options::at(folder.join("views.sqlite"));
    let views: Arc<dyn ViewStore> = Arc::new(SqliteViews::open(options)?);
    let ground = Ground {
        store: Arc::new(store),
        clock: Arc::new(SystemClock::start()),
        rng: Arc::new(SystemRng),
    };
    Ok(Home { ground, views, timers: Arc::new(MemoryTimers::default()) })
}

fn krw(amount: i64) -> Money {
    Money::new(amount, Currency::KRW)
}

impl Bank {
    pub(crate) async fn open() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir_in(".")?;
        let (directory, supervisor) = (Directory::new(), Supervisor::new());
        let raise = |service: Service| -> anyhow::Result<Running> {
            let home = home(folder.path(), service.name())?;
            let options = service.service_options().clone();
            Ok(service.start_among(&home, &options, &directory, &supervisor)?)
        };
        let current = Service::named("bank.account").aggregate::<Account>().accepts(Accepts::<
            Current,
            Account,
        >::new(
            Current::command,
            |_asked, _happened| (),
            |refusal| refusal,
        ));
        let savings = Service::named("bank.savings").aggregate::<Account>().accepts(Accepts::<
            Savings,
            Account,
        >::new(
            Savings::command,
            |_asked, _happened| (),
            |refusal| refusal,
        ));
        let (current, savings) = (raise(current)?, raise(savings)?);
        let transfers = raise(Service::named("bank.transfer").saga(transfer()))?;
        fill(&current.desk::<Account>()?, "from").await?;
        fill(&savings.desk::<Account>()?, "to").await?;
        let sagas = transfers.companion::<Sagas>()?;
        Ok(Self { sagas, supervisor, _folder: Arc::new(folder) })
    }

    /// Begins a transfer.
    pub(crate) async fn transfer(&self, number: u64) -> anyhow::Result<()> {
        let id = TransferId::named(&number.to_string());
        let account = number.wrapping_mul(7_919) % ACCOUNTS;
        let transfer = Transfer {
            id,
            from: format!("from-{account}"),
            to: format!("to-{account}"),
            amount: krw(10),
        };
        self.sagas.start("bank.transfer", &transfer, &About::new(id.of())).await?;
        Ok(())
    }

    pub(crate) async fn close(self) -> anyhow::Result<()> {
        self.supervisor.shut_down().await.map_err(|end| anyhow::anyhow!("{end:?}"))
    }
}

/// Opens accounts and pays money in.
async fn fill(desk: &Desk<Account>, side: &'static str) -> anyhow::Result<()> {
    let mut filling = tokio::task::JoinSet::new();
    for account in 0..ACCOUNTS {
        let desk = desk.clone();
        filling.spawn(async move {
            let key = format!("{side}-{account}");
            let owner = CustomerId::from_u128(1);
            let id = |what: &str| Request::new(CommandId::named(&format!("{what} {key}")));
            let open = Command::Open { owner, currency: Currency::KRW };
            desk.handle(&key, open, &id("open")).await?;
            let deposit = Command::Deposit { amount: krw(1_000_000) };
            desk.handle(&key, deposit, &id("deposit")).await?;
            anyhow::Ok(())
        });
    }
    while let Some(done) = filling.join_next().await {
        done??;
    }
    Ok(())
}
