//! The words of the pages, in English and in Korean.

mod english;
mod korean;

use http::{HeaderMap, header};

/// The words of the pages, in one language.
#[derive(Debug)]
pub(crate) struct Words {
    pub(crate) lang: &'static str,
    /// What kinds of things are called, by how the shop calls them.
    pub(crate) kinds: &'static [(&'static str, &'static str)],
    pub(crate) shop: &'static str,
    pub(crate) skip: &'static str,
    pub(crate) home: &'static str,
    pub(crate) products: &'static str,
    pub(crate) cart: &'static str,
    pub(crate) orders: &'static str,
    pub(crate) account: &'static str,
    pub(crate) sign_in: &'static str,
    pub(crate) sign_out: &'static str,
    pub(crate) other_language: &'static str,
    pub(crate) other_lang: &'static str,
    pub(crate) region: &'static str,
    pub(crate) asia: &'static str,
    pub(crate) eu: &'static str,
    pub(crate) us: &'static str,
    pub(crate) choose: &'static str,
    pub(crate) welcome: &'static str,
    pub(crate) welcome_text: &'static str,
    pub(crate) for_you: &'static str,
    pub(crate) popular: &'static str,
    pub(crate) categories: &'static str,
    pub(crate) all: &'static str,
    pub(crate) search: &'static str,
    pub(crate) search_hint: &'static str,
    pub(crate) found_none: &'static str,
    pub(crate) more: &'static str,
    pub(crate) no_price: &'static str,
    pub(crate) left: &'static str,
    pub(crate) sold_out: &'static str,
    pub(crate) pieces: &'static str,
    pub(crate) put: &'static str,
    pub(crate) update: &'static str,
    pub(crate) remove: &'static str,
    pub(crate) cart_empty: &'static str,
    pub(crate) to_products: &'static str,
    pub(crate) total: &'static str,
    pub(crate) not_sold: &'static str,
    pub(crate) checkout: &'static str,
    pub(crate) pay_with: &'static str,
    pub(crate) send_to: &'static str,
    pub(crate) card_good: &'static str,
    pub(crate) card_declined: &'static str,
    pub(crate) card_empty: &'static str,
    pub(crate) point_one: &'static str,
    pub(crate) point_two: &'static str,
    pub(crate) point_nowhere: &'static str,
    pub(crate) buy: &'static str,
    pub(crate) order: &'static str,
    pub(crate) order_none: &'static str,
    pub(crate) what_happens: &'static str,
    pub(crate) story: &'static str,
    pub(crate) time_travel: &'static str,
    pub(crate) then: &'static str,
    pub(crate) cancel: &'static str,
    pub(crate) cancel_hint: &'static str,
    pub(crate) picked_up: &'static str,
    pub(crate) put_off: &'static str,
    pub(crate) step_placed: &'static str,
    pub(crate) step_reserved: &'static str,
    pub(crate) step_authorized: &'static str,
    pub(crate) step_taken: &'static str,
    pub(crate) step_captured: &'static str,
    pub(crate) step_arrived: &'static str,
    pub(crate) mark_done: &'static str,
    pub(crate) mark_now: &'static str,
    pub(crate) mark_waits: &'static str,
    pub(crate) mark_todo: &'static str,
    pub(crate) mark_failed: &'static str,
    pub(crate) mark_undone: &'static str,
    pub(crate) state_placed: &'static str,
    pub(crate) state_reserved: &'static str,
    pub(crate) state_paid: &'static str,
    pub(crate) state_shipped: &'static str,
    pub(crate) state_delivered: &'static str,
    pub(crate) state_called_off: &'static str,
    pub(crate) state_cancelled: &'static str,
    pub(crate) because_buyer: &'static str,
    pub(crate) because_stock: &'static str,
    pub(crate) because_declined: &'static str,
    pub(crate) because_shipping: &'static str,
    pub(crate) because_late: &'static str,
    pub(crate) event_placed: &'static str,
    pub(crate) event_begun: &'static str,
    pub(crate) event_reserved: &'static str,
    pub(crate) event_paid: &'static str,
    pub(crate) event_shipped: &'static str,
    pub(crate) event_delivered: &'static str,
    pub(crate) event_called_off: &'static str,
    pub(crate) event_cancelled: &'static str,
    pub(crate) oops: &'static str,
    pub(crate) not_there: &'static str,
    pub(crate) busy: &'static str,
    pub(crate) not_own: &'static str,
    pub(crate) sign_in_again: &'static str,
    pub(crate) refused_empty: &'static str,
    pub(crate) refused_changed: &'static str,
    pub(crate) refused_not_sold: &'static str,
    pub(crate) refused_many: &'static str,
    pub(crate) refused_late: &'static str,
    pub(crate) refused_pieces: &'static str,
    pub(crate) back: &'static str,
}

impl Words {
    /// The words that were chosen, or else those that a browser asks for: whichever of both
    /// languages it names first.
    pub(crate) fn of(chosen: Option<&str>, headers: &HeaderMap) -> &'static Self {
        let asked = headers.get(header::ACCEPT_LANGUAGE).and_then(|asked| asked.to_str().ok());
        let asked = asked.unwrap_or_default().split(',').filter_map(|tag| tag.trim().get(..2));
        let first = chosen.into_iter().chain(asked).find(|tag| matches!(*tag, "ko" | "en"));
        if first == Some("ko") { &korean::WORDS } else { &english::WORDS }
    }

    /// What a kind of thing is called; one that we have no word for, as the shop calls it.
    pub(crate) fn kind(&self, category: &str) -> String {
        let known = self.kinds.iter().find(|(own, _)| *own == category);
        known.map_or(category, |(_, word)| word).to_owned()
    }

    /// Which event it is.
    pub(crate) fn nth(&self, number: u64) -> String {
        if self.lang == "ko" { format!("{number}번째 일") } else { format!("event {number}") }
    }

    /// How far an order has come.
    pub(crate) fn state(&self, state: &str) -> &'static str {
        match state {
            "placed" => self.state_placed,
            "reserved" => self.state_reserved,
            "paid" => self.state_paid,
            "shipped" => self.state_shipped,
            "delivered" => self.state_delivered,
            "called_off" => self.state_called_off,
            "cancelled" => self.state_cancelled,
            _ => "",
        }
    }

    /// Why an order came to nothing.
    pub(crate) fn because(&self, because: &str) -> &'static str {
        match because {
            "BuyerAsked" => self.because_buyer,
            "OutOfStock" => self.because_stock,
            "PaymentDeclined" => self.because_declined,
            "CannotBeShipped" => self.because_shipping,
            "TookTooLong" => self.because_late,
            _ => "",
        }
    }

    /// What has happened to an order.
    pub(crate) fn event(&self, kind: &str) -> &'static str {
        match kind {
            "order.placed" => self.event_placed,
            "order.begun" => self.event_begun,
            "order.stock_reserved" => self.event_reserved,
            "order.paid" => self.event_paid,
            "order.shipped" => self.event_shipped,
            "order.delivered" => self.event_delivered,
            "order.called_off" => self.event_called_off,
            "order.cancelled" => self.event_cancelled,
            _ => "",
        }
    }

    /// What a problem of the API means to a person; nothing, if there are no own words for it.
    pub(crate) fn problem(&self, code: &str) -> Option<&'static str> {
        Some(match code {
            "cart.empty" => self.refused_empty,
            "cart.changed" | "version-mismatch" => self.refused_changed,
            "shop-not-sold" => self.refused_not_sold,
            "shop-products-max" => self.refused_many,
            "order.too_late_to_cancel" => self.refused_late,
            "json-unexpected" => self.refused_pieces,
            _ => return None,
        })
    }
}
