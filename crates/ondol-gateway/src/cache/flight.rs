//! One asks for all who want the same: the first leads, the others wait until he has what they want,
//! or knows that they cannot have it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::watch;

use super::key::{Key, Whom};

/// An address; and, when it is known what its answers vary by, who asks for which of them.
type Flight = (Key, Option<Whom>);

/// Who asks for what. As many as there are requests, at most.
#[derive(Debug, Clone, Default)]
pub(super) struct Flights(Arc<Mutex<HashMap<Flight, watch::Receiver<()>>>>);

/// A place among those who ask for the same.
#[derive(Debug)]
pub(crate) enum Seat {
    /// In front.
    Lead(Lead),
    /// Behind: it is over when the sender is gone.
    Wait(watch::Receiver<()>),
}

/// Leads until it is dropped, whatever becomes of it.
#[derive(Debug)]
pub(crate) struct Lead {
    flights: Flights,
    flight: Flight,
    /// Those behind are woken when it goes.
    _over: watch::Sender<()>,
}

impl Flights {
    fn under_way(&self) -> MutexGuard<'_, HashMap<Flight, watch::Receiver<()>>> {
        self.0.lock().expect("nobody panics while holding what is under way")
    }

    pub(super) fn seat(&self, key: Key, variant: Option<Whom>) -> Seat {
        let flight = (key, variant);
        let mut under_way = self.under_way();
        if let Some(over) = under_way.get(&flight) {
            return Seat::Wait(over.clone());
        }
        let (sender, over) = watch::channel(());
        under_way.insert(flight.clone(), over);
        Seat::Lead(Lead { flights: self.clone(), flight, _over: sender })
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        self.flights.under_way().remove(&self.flight);
    }
}
