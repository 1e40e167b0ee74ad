//! The till: asks the provider what a charge's events say, and notes what it answers.
//!
//! A charge's events are dealt with in order, so a void comes after the request it ends, and first
//! learns from the provider what became of that: no promise of money is left behind, whether its
//! answer was heard or not.

use std::sync::{Arc, OnceLock};

use ondol_kernel::{CommandId, Money, Recorded};
use ondol_resilience::Problems;
use ondol_runtime::{Desk, EffectError, Request, Verdict, error_chain};
use serde_json::{Value, json};
use shop_domain::charge::{Charge, Command, Event};
use shop_domain::{Means, OrderId};

use crate::options::PaymentOptions;
use crate::provider::{NoAnswer, Provider, Said};

/// The till; closed, until the service is set up. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Till {
    open: Arc<OnceLock<Open>>,
}

#[derive(Debug)]
struct Open {
    desk: Desk<Charge>,
    provider: Provider,
}

/// A payment as the provider shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Payment {
    id: String,
    status: String,
}

impl Till {
    pub(super) fn open(
        &self,
        desk: Desk<Charge>,
        options: &PaymentOptions,
    ) -> Result<(), Problems> {
        let provider = Provider::new("payment", &options.provider, options.breaker)?;
        // A till is opened once; a second service of this process would have a till of its own.
        drop(self.open.set(Open { desk, provider }));
        Ok(())
    }

    pub(super) fn is_asked_because_of(&self, event: &Event) -> bool {
        match event {
            Event::Requested { .. } | Event::Captured | Event::Voided | Event::Refunded { .. } => {
                true
            }
            Event::Authorized { .. } | Event::Declined { .. } | Event::PutOff => false,
        }
    }

    /// Asks the provider what an event says.
    pub(super) async fn ask(&self, event: Recorded<Event>) -> Result<String, EffectError> {
        let closed = || EffectError::NotNow("the till is not open yet".to_owned());
        let open = self.open.get().ok_or_else(closed)?;
        let order: OrderId = event.stream.key().parse().map_err(|_no_id| {
            EffectError::Never(format!("{:?} is not the charge of an order", event.stream.key()))
        })?;
        match &event.data {
            Event::Requested { amount, means, .. } => {
                open.authorize(order, *amount, means, &event).await
            }
            Event::Captured => open.move_on(order, "capture", "captured", json!({})).await,
            Event::Voided => open.move_on(order, "void", "voided", json!({})).await,
            Event::Refunded { amount } => open.refund(order, *amount, &event).await,
            Event::Authorized { .. } | Event::Declined { .. } | Event::PutOff => Ok(String::new()),
        }
    }
}

impl Open {
    async fn authorize(
        &self,
        order: OrderId,
        amount: Money,
        means: &Means,
        event: &Recorded<Event>,
    ) -> Result<String, EffectError> {
        let body = json!({
            "reference": order.to_string(),
            "amount": amount.minor(),
            "currency": amount.currency().code(),
            "means": means.as_str(),
        });
        let said = match self.provider.ask("/payments", &format!("{order}/authorize"), body).await {
            Ok(said) => said,
            Err(error) => {
                self.put_off(order, event, &error).await?;
                return Err(EffectError::NotNow(error.to_string()));
            }
        };
        let (note, answer) = match said {
            Said::Yes(body) => {
                let reference = body["id"].as_str().unwrap_or_default().to_owned();
                (Command::NoteAuthorized { reference: reference.clone() }, reference)
            }
            Said::No(because) => (Command::NoteDeclined { because: because.clone() }, because),
        };
        self.note(order, note, event, "answer").await?;
        Ok(answer)
    }

    /// The charge waits, and those who run the shop are told at once, but once.
    async fn put_off(
        &self,
        order: OrderId,
        event: &Recorded<Event>,
        error: &NoAnswer,
    ) -> Result<(), EffectError> {
        if self.note(order, Command::PutOff, event, "put off").await? {
            tracing::error!(
                %order, %error,
                "the payment provider cannot be reached: the charge waits, and is made when it is back"
            );
        }
        Ok(())
    }

    /// Has all promises of an order's money kept, or ended.
    async fn move_on(
        &self,
        order: OrderId,
        verb: &str,
        done: &str,
        body: Value,
    ) -> Result<String, EffectError> {
        let mut told = Vec::new();
        for Payment { id, status } in self.payments(order).await? {
            if status == done {
                told.push(id);
                continue;
            }
            let (path, key) = (format!("/payments/{id}/{verb}"), format!("{id}/{verb}"));
            match self.provider.ask(&path, &key, body.clone()).await {
                Ok(Said::Yes(_payment)) => told.push(id),
                Ok(Said::No(because)) => {
                    return Err(EffectError::Never(format!("{verb} {id}: {because}")));
                }
                Err(error) => return Err(EffectError::NotNow(error.to_string())),
            }
        }
        if told.is_empty() && verb == "capture" {
            return Err(EffectError::Never(format!("the provider knows no payment of {order}")));
        }
        Ok(told.join(" "))
    }

    async fn refund(
        &self,
        order: OrderId,
        amount: Money,
        event: &Recorded<Event>,
    ) -> Result<String, EffectError> {
        let payments = self.payments(order).await?;
        let Some(Payment { id, .. }) = payments.into_iter().find(|own| own.status == "captured")
        else {
            return Err(EffectError::Never(format!("the provider took no money of {order}")));
        };
        let body = json!({ "amount": amount.minor() });
        // There may be several refunds of one amount: each has its event.
        let key = format!("{id}/refund/{}", event.id);
        match self.provider.ask(&format!("/payments/{id}/refund"), &key, body).await {
            Ok(Said::Yes(_payment)) => Ok(id),
            Ok(Said::No(because)) => Err(EffectError::Never(format!("refund {id}: {because}"))),
            Err(error) => Err(EffectError::NotNow(error.to_string())),
        }
    }

    /// What the provider knows of an order, whether its answers were heard or not.
    async fn payments(&self, order: OrderId) -> Result<Vec<Payment>, EffectError> {
        match self.provider.look(&format!("/payments?reference={order}")).await {
            Ok(Said::Yes(body)) => {
                let list = body["payments"].as_array().map(Vec::as_slice).unwrap_or_default();
                let text = |payment: &Value, name: &str| payment[name].as_str().map(str::to_owned);
                let payment = |own: &Value| {
                    Some(Payment { id: text(own, "id")?, status: text(own, "status")? })
                };
                Ok(list.iter().filter_map(payment).collect())
            }
            Ok(Said::No(because)) => Err(EffectError::Failed(because)),
            Err(error) => Err(EffectError::NotNow(error.to_string())),
        }
    }

    /// Notes at the charge what the provider has said. A charge that says no has moved on: what
    /// it has become is dealt with by its later events. Answers whether it was news.
    async fn note(
        &self,
        order: OrderId,
        command: Command,
        event: &Recorded<Event>,
        what: &str,
    ) -> Result<bool, EffectError> {
        let mut request = Request::new(CommandId::derived(event.id, what)).inside();
        request.correlation = event.metadata.correlation;
        request.causation = Some(event.id.of());
        let noted = self.desk.handle(&order.to_string(), command, &request).await;
        let noted = noted.map_err(|error| EffectError::NotNow(error_chain(&error)))?;
        Ok(match noted.verdict {
            Verdict::Accepted(events) => !events.is_empty() && !noted.repeated,
            Verdict::Refused(_) | Verdict::Voided => false,
        })
    }
}
