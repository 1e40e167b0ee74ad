//! One round: a new log, writers and subscribers, some harm, and the audit.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use ondol_doors::{Clock, Rng, SeededRng, SystemClock, SystemRng};
use ondol_kernel::EventId;
use ondol_store::EventStore;
use ondol_store_postgres::{PlantedBug, PostgresOptions, PostgresStore};
use ondol_testkit::servers::Postgres;
use tokio::sync::watch;
use tokio::task::{JoinSet, block_in_place};

use crate::torture::Report;
use crate::writers::{self, Answer, Told, WRITERS};
use crate::{Cut, Wire, audit};

/// Processes that have the log open.
const STORES: usize = 4;
/// How often harm is done in a round.
const HARMS: u64 = 3;

/// What the rounds share.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) server: Postgres,
    pub(crate) wire: Wire,
    pub(crate) rng: SeededRng,
    pub(crate) clock: SystemClock,
    /// Rounds so far: each has a log of its own.
    pub(crate) rounds: u64,
}

/// What can happen to a server.
#[derive(Debug, Clone, Copy)]
enum Harm {
    Nothing,
    EndSessions,
    Kill,
    Break(Cut),
    LeaveOpen,
}

impl Place {
    /// One round. An error is a promise that was broken.
    pub(crate) async fn round(
        &mut self,
        planted: Option<PlantedBug>,
        report: &mut Report,
    ) -> anyhow::Result<()> {
        self.rounds += 1;
        let options = PostgresOptions {
            url: self.wire.url("postgres"),
            schema: format!("round_{}", self.rounds),
            group_appends_max: if planted == Some(PlantedBug::SequencePositions) {
                1
            } else {
                4_096
            },
            planted,
            ..PostgresOptions::default()
        };
        self.prepare(&options, planted).await?;
        let stores = self.open(&options).await?;
        let (_subscribers, seen) = writers::follow(&stores);
        let (stop, stopped) = watch::channel(false);
        let writing = writers::write(&stores, self.rng.number(), &stopped);
        let open = self.harm(report).await?;
        stop.send_replace(true);
        let told: Vec<Told> = writing.join_all().await.into_iter().flatten().collect();
        drop(open);
        self.note(&told, report);
        let honest = PostgresOptions { planted: None, ..options };
        let log = audit::read(&*self.open_one(&honest).await?).await?;
        report.events += log.len();
        audit::is_dense(&log)?;
        audit::is_as_told(&log, &told)?;
        audit::is_as_seen(&log, &seen).await
    }

    /// Makes the log and its streams, and what the planted mistake needs.
    async fn prepare(
        &self,
        options: &PostgresOptions,
        planted: Option<PlantedBug>,
    ) -> anyhow::Result<()> {
        let store = self.open_one(&PostgresOptions { planted: None, ..options.clone() }).await?;
        for stream in 0..=WRITERS {
            let id = EventId::named(&format!("{} {stream}", options.schema));
            store.append(writers::one(stream, id)).await?;
        }
        store.close().await.map_err(anyhow::Error::from_boxed)?;
        if planted == Some(PlantedBug::SequencePositions) {
            let sql = format!("CREATE SEQUENCE {}.planted START {}", options.schema, WRITERS + 2);
            block_in_place(|| self.server.query("postgres", &sql))?;
        }
        Ok(())
    }

    async fn open(&self, options: &PostgresOptions) -> anyhow::Result<Vec<Arc<PostgresStore>>> {
        let mut stores = Vec::new();
        for _ in 0..STORES {
            stores.push(self.open_one(options).await?);
        }
        Ok(stores)
    }

    async fn open_one(&self, options: &PostgresOptions) -> anyhow::Result<Arc<PostgresStore>> {
        let clock = Arc::new(self.clock.clone());
        let opened = PostgresStore::open(options.clone(), clock, Arc::new(SystemRng)).await;
        Ok(Arc::new(opened.context("the log does not open")?))
    }

    /// Does harm at random moments. What is left open is open until it is dropped.
    async fn harm(&mut self, report: &mut Report) -> anyhow::Result<JoinSet<()>> {
        let mut open = JoinSet::new();
        for _ in 0..HARMS {
            self.clock.sleep(Duration::from_micros(20_000 + self.rng.below(120_000))).await;
            match self.choose() {
                Harm::Nothing => {}
                Harm::EndSessions => {
                    report.sessions_ended += block_in_place(|| self.server.terminate_backends())?;
                }
                Harm::Kill => {
                    report.kills += 1;
                    block_in_place(|| self.server.kill())?;
                    block_in_place(|| self.server.restart())?;
                }
                Harm::Break(cut) => {
                    report.cuts += 1;
                    self.wire.break_at_commit(cut);
                }
                Harm::LeaveOpen => {
                    report.left_open += 1;
                    open.spawn(leave_open(self.server.url("postgres"), self.rounds));
                }
            }
        }
        self.clock.sleep(Duration::from_millis(150)).await;
        Ok(open)
    }

    fn choose(&self) -> Harm {
        match self.rng.below(12) {
            0 => Harm::Nothing,
            1..=3 => Harm::EndSessions,
            4 | 5 => Harm::Kill,
            6 | 7 => Harm::Break(Cut::BeforeTheAnswer),
            8 => Harm::Break(Cut::WithoutWaiting),
            9 => Harm::Break(Cut::After(usize::try_from(self.rng.below(11)).unwrap_or(0))),
            10 => Harm::Break(Cut::Late(Duration::from_millis(self.rng.below(300)))),
            _ => Harm::LeaveOpen,
        }
    }

    fn note(&self, told: &[Told], report: &mut Report) {
        let count = |is: fn(Answer) -> bool| told.iter().filter(|told| is(told.answer)).count();
        report.acknowledged += count(|answer| matches!(answer, Answer::Acknowledged(_)));
        report.refused += count(|answer| answer == Answer::Refused);
        report.unknown += count(|answer| answer == Answer::Unknown);
    }
}

/// A transaction that has drawn a number, has looked at the log, and is then forgotten.
async fn leave_open(url: String, round: u64) {
    let Ok((client, connection)) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await
    else {
        return;
    };
    let look = format!(
        "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT txid_current(); \
         SELECT count(*) FROM round_{round}.events"
    );
    // The connection moves the bytes; both go on until we are dropped or the server is gone.
    let (_ended, _looked) = tokio::join!(connection, async {
        let looked = client.batch_execute(&look).await;
        std::future::pending::<()>().await;
        looked
    });
}
