//! Making groups of what is waiting: everything there is, up to a limit, at once.

use tokio::sync::{mpsc, watch};

use super::work::{AppendJob, Job, Work};
use crate::PostgresOptions;

/// How often others get a turn, as long as more come, before a group is closed.
const TURNS_MAX: usize = 32;

/// Takes jobs from the queue in groups.
#[derive(Debug)]
pub(super) struct Gatherer {
    jobs: mpsc::Receiver<Job>,
    stop: watch::Receiver<bool>,
    appends_max: usize,
    bytes_max: usize,
    /// What came next and did not fit.
    left_over: Option<Job>,
}

impl Gatherer {
    pub(super) fn new(
        jobs: mpsc::Receiver<Job>,
        stop: watch::Receiver<bool>,
        options: &PostgresOptions,
    ) -> Self {
        let (appends_max, bytes_max) = (options.group_appends_max, options.group_bytes_max);
        Self { jobs, stop, appends_max, bytes_max, left_over: None }
    }

    /// The next group, once anything is asked; none when nothing will be.
    pub(super) async fn next(&mut self) -> Option<Work> {
        let mut appends = Vec::new();
        let mut bytes = 0;
        let mut next = match self.left_over.take() {
            Some(job) => Some(job),
            None => self.wait().await,
        };
        self.let_others_come().await;
        while let Some(job) = next {
            match job {
                Job::Append(job) => {
                    bytes += size(&job);
                    appends.push(job);
                }
                Job::Recorded(job) if appends.is_empty() => return Some(Work::Recorded(job)),
                Job::Recorded(_) => {
                    self.left_over = Some(job);
                    break;
                }
            }
            if appends.len() >= self.appends_max || bytes >= self.bytes_max {
                break;
            }
            next = self.jobs.try_recv().ok();
        }
        (!appends.is_empty()).then_some(Work::Appends(appends))
    }

    /// Lets those come who can: whoever has just been answered mostly asks again at once, and what
    /// is written together costs the server less. It waits for no time to pass, so one client
    /// alone does not notice.
    async fn let_others_come(&self) {
        let mut waiting = self.jobs.len();
        for _ in 0..TURNS_MAX {
            tokio::task::yield_now().await;
            let before = std::mem::replace(&mut waiting, self.jobs.len());
            if waiting == before || waiting >= self.appends_max {
                return;
            }
        }
    }

    /// Waits for a job. When told to stop, what is in the queue is still done.
    async fn wait(&mut self) -> Option<Job> {
        tokio::select! {
            job = self.jobs.recv() => return job,
            _ = self.stop.wait_for(|stop| *stop) => {}
        }
        self.jobs.close();
        self.jobs.recv().await
    }
}

fn size(job: &AppendJob) -> usize {
    let data: usize =
        job.append.writes.iter().flat_map(|write| &write.events).map(|e| e.data.bytes.len()).sum();
    data + job.metadata.iter().map(String::len).sum::<usize>()
}
