//! The counter: asks the carrier what a shipment's events say, and notes what it answers.

use std::sync::{Arc, OnceLock};

use ondol_kernel::{CommandId, Recorded};
use ondol_resilience::Problems;
use ondol_runtime::{Desk, EffectError, Request, error_chain};
use serde_json::{Value, json};
use shop_domain::OrderId;
use shop_domain::shipment::{Command, Event, Shipment};

use crate::options::ShippingOptions;
use crate::provider::{Provider, Said};

/// The counter; closed, until the service is set up. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Counter {
    open: Arc<OnceLock<Open>>,
}

#[derive(Debug)]
struct Open {
    desk: Desk<Shipment>,
    carrier: Provider,
}

impl Counter {
    pub(super) fn open(
        &self,
        desk: Desk<Shipment>,
        options: &ShippingOptions,
    ) -> Result<(), Problems> {
        let carrier = Provider::new("carrier", &options.carrier, options.breaker)?;
        // A counter is opened once; a second service of this process would have one of its own.
        drop(self.open.set(Open { desk, carrier }));
        Ok(())
    }

    /// Asks the carrier what an event says.
    pub(super) async fn ask(&self, event: Recorded<Event>) -> Result<String, EffectError> {
        let closed = || EffectError::NotNow("the counter is not open yet".to_owned());
        let open = self.open.get().ok_or_else(closed)?;
        let order: OrderId = event.stream.key().parse().map_err(|_no_id| {
            EffectError::Never(format!("{:?} is not the shipment of an order", event.stream.key()))
        })?;
        match &event.data {
            Event::Requested { to, pieces, .. } => {
                let body = json!({
                    "reference": order.to_string(),
                    "to": to.as_str(),
                    "pieces": pieces.pieces(),
                });
                open.hand_in(order, body, &event).await
            }
            Event::CalledOff => open.call_back(order).await,
            Event::Taken { .. } | Event::Refused { .. } | Event::Arrived => Ok(String::new()),
        }
    }
}

impl Open {
    async fn hand_in(
        &self,
        order: OrderId,
        body: Value,
        event: &Recorded<Event>,
    ) -> Result<String, EffectError> {
        let said = self.carrier.ask("/shipments", &format!("{order}/ship"), body).await;
        let (note, answer) = match said.map_err(|error| EffectError::NotNow(error.to_string()))? {
            Said::Yes(body) => {
                let reference = body["id"].as_str().unwrap_or_default().to_owned();
                (Command::NoteTaken { reference: reference.clone() }, reference)
            }
            Said::No(because) => (Command::NoteRefused { because: because.clone() }, because),
        };
        let mut request = Request::new(CommandId::derived(event.id, "answer")).inside();
        request.correlation = event.metadata.correlation;
        request.causation = Some(event.id.of());
        // A shipment that says no was called off meanwhile: that is its next event.
        let noted = self.desk.handle(&order.to_string(), note, &request).await;
        noted.map_err(|error| EffectError::NotNow(error_chain(&error)))?;
        Ok(answer)
    }

    /// Has whatever the carrier has of an order called back, whether its answer was heard or not.
    async fn call_back(&self, order: OrderId) -> Result<String, EffectError> {
        let found = self.carrier.look(&format!("/shipments?reference={order}")).await;
        let body = match found.map_err(|error| EffectError::NotNow(error.to_string()))? {
            Said::Yes(body) => body,
            Said::No(because) => return Err(EffectError::Failed(because)),
        };
        let mut told = Vec::new();
        for shipment in body["shipments"].as_array().map(Vec::as_slice).unwrap_or_default() {
            let Some(id) = shipment["id"].as_str() else { continue };
            let (path, key) = (format!("/shipments/{id}/cancel"), format!("{id}/cancel"));
            match self.carrier.ask(&path, &key, json!({})).await {
                Ok(Said::Yes(_shipment)) => told.push(id.to_owned()),
                Ok(Said::No(because)) => {
                    return Err(EffectError::Never(format!("cancel {id}: {because}")));
                }
                Err(error) => return Err(EffectError::NotNow(error.to_string())),
            }
        }
        Ok(told.join(" "))
    }
}
