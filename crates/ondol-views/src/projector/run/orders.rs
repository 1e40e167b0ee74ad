//! What is ordered of a projection while it runs, and while another process runs it.

use ondol_domain::View;

use super::super::FollowError;
use super::super::handle::{Order, OrderError};
use super::super::repair::{Repair, RepairError};
use super::{Projector, Running, id_of};
use crate::ViewId;

impl<V: View> Projector<V> {
    /// Answers those who want something of a view that another process folds, for as long as
    /// anybody might.
    pub(super) async fn turn_away(&mut self) {
        while let Some(order) = self.orders.recv().await {
            order.turn_away();
        }
        std::future::pending::<()>().await;
    }

    pub(super) async fn obey(&mut self, order: Order) -> Result<(), FollowError> {
        // Whoever gave an order may have gone; it is carried out all the same.
        match order {
            Order::Repair(what, answer) => {
                let repair = Repair { what, answer };
                let sent = match &self.main {
                    Some(main) => main.repairs.send(repair).await.map_err(|unsent| unsent.0),
                    None => Err(repair),
                };
                if let Err(Repair { answer, .. }) = sent {
                    drop(answer.send(Err(RepairError::NotRunning)));
                }
            }
            Order::Rebuild(answer) => {
                let outcome = self.rebuild().await;
                drop(answer.send(outcome));
            }
            Order::Serve(view, answer) => {
                let outcome = self.serve(view).await;
                drop(answer.send(outcome));
            }
        }
        Ok(())
    }

    async fn rebuild(&mut self) -> Result<ViewId, OrderError> {
        if let Some(beside) = &self.beside {
            return Err(OrderError::Building { view: beside.id.clone() });
        }
        let mine = self.builds().await?;
        let of_mine = mine.iter().map(id_of).filter(|id| id.version == V::VERSION);
        let latest = of_mine.max();
        let id = match latest {
            Some(latest) => latest.next_build(),
            None => ViewId::first(self.handle.name.clone(), V::VERSION),
        };
        self.make(&id).await?;
        let swaps = self.handle.options.swaps_by_itself;
        let beside = self.start(id.clone(), swaps);
        self.beside = Some(beside);
        self.tell();
        Ok(id)
    }

    /// Lets a build answer at once, and folds it on.
    async fn serve(&mut self, view: ViewId) -> Result<Option<ViewId>, OrderError> {
        if view.name != self.handle.name || view.version != V::VERSION {
            return Err(OrderError::Foreign { asked: view, version: V::VERSION });
        }
        let before = self.let_answer(&view).await?;
        if self.main.as_ref().is_some_and(|main| main.id == view) {
            return Ok(before);
        }
        self.stop_main().await?;
        let beside = self.beside.take_if(|beside| beside.id == view);
        let main = beside.map(|beside| Running { is_to_serve: false, ..beside });
        self.main = Some(main.unwrap_or_else(|| self.start(view, false)));
        self.tell();
        Ok(before)
    }
}
