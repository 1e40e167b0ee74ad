//! Whatever is asked in whatever order, an engine answers as the one in memory does.

use ondol_doors::{Rng, SeededRng};

use super::Stage;
use super::given::{all_due, book, second, write};
use super::keeping::made_up;
use crate::{MemoryTimers, Timer, TimerStore};

pub async fn a_store_answers_as_the_one_in_memory_does(stage: Stage) {
    let (store, model) = (stage.store, MemoryTimers::default());
    let rng = SeededRng::new(4);
    let mut stands = 0;
    let mut remembered: Vec<Timer> = Vec::new();
    for _step in 0..150 {
        let most = i64::try_from(rng.below(25)).expect("it fits");
        if rng.below(3) == 0 {
            // Some of these have been replaced or settled since.
            store.settle(&book(), remembered.clone()).await.expect("it is settled");
            model.settle(&book(), remembered.clone()).await.expect("it is settled");
        } else {
            let orders: Vec<_> = (0..rng.below(5)).map(|_| made_up(&rng, stands + 1)).collect();
            let made = write(stands, stands + 1, orders);
            store.write(made.clone()).await.expect("it is written");
            model.write(made).await.expect("it is written");
            stands += 1;
        }
        let found = all_due(store.as_ref(), most).await;
        assert_eq!(found, all_due(&model, most).await);
        let next = store.next_due(&book()).await.expect("it is read");
        assert_eq!(next, model.next_due(&book()).await.expect("it is read"));
        let count = store.count(&book()).await.expect("it is read");
        assert_eq!(count, model.count(&book()).await.expect("it is read"));
        if rng.below(2) == 0 {
            remembered = found.into_iter().filter(|timer| timer.due < second(10)).take(8).collect();
        }
    }
}
