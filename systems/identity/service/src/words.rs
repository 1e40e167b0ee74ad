//! The words of the pages, in English and in Korean.

mod english;
mod korean;

use http::{HeaderMap, header};

/// The words of the pages, in one language.
#[derive(Debug)]
pub(crate) struct Words {
    pub(crate) lang: &'static str,
    pub(crate) sign_in: &'static str,
    pub(crate) to_go_on: &'static str,
    pub(crate) email: &'static str,
    pub(crate) password: &'static str,
    pub(crate) new_password: &'static str,
    pub(crate) this_password: &'static str,
    pub(crate) password_hint: &'static str,
    pub(crate) no_account: &'static str,
    pub(crate) lost_password: &'static str,
    pub(crate) register: &'static str,
    pub(crate) name: &'static str,
    pub(crate) have_account: &'static str,
    pub(crate) registered: &'static str,
    pub(crate) look_into_mail: &'static str,
    pub(crate) verify: &'static str,
    pub(crate) verified: &'static str,
    pub(crate) verify_first: &'static str,
    pub(crate) now_sign_in: &'static str,
    pub(crate) bad_link: &'static str,
    pub(crate) ask_again: &'static str,
    pub(crate) reset: &'static str,
    pub(crate) reset_ask: &'static str,
    pub(crate) reset_sent: &'static str,
    pub(crate) send: &'static str,
    pub(crate) password_changed: &'static str,
    pub(crate) second_factor: &'static str,
    pub(crate) number_hint: &'static str,
    pub(crate) number: &'static str,
    pub(crate) go_on: &'static str,
    pub(crate) wrong_login: &'static str,
    pub(crate) wrong_password: &'static str,
    pub(crate) wrong_number: &'static str,
    pub(crate) wrong_code: &'static str,
    pub(crate) bad_email: &'static str,
    pub(crate) bad_password: &'static str,
    pub(crate) bad_name: &'static str,
    pub(crate) consent: &'static str,
    pub(crate) consent_asks: &'static str,
    pub(crate) yes: &'static str,
    pub(crate) no: &'static str,
    pub(crate) account: &'static str,
    pub(crate) change_password: &'static str,
    pub(crate) factor_on: &'static str,
    pub(crate) factor_off: &'static str,
    pub(crate) factor_active: &'static str,
    pub(crate) turn_on: &'static str,
    pub(crate) turn_off: &'static str,
    pub(crate) enrol: &'static str,
    pub(crate) enrol_hint: &'static str,
    pub(crate) key: &'static str,
    pub(crate) qr: &'static str,
    pub(crate) sign_out: &'static str,
    pub(crate) sign_out_ask: &'static str,
    pub(crate) signed_out: &'static str,
    pub(crate) farewell: &'static str,
    pub(crate) forget: &'static str,
    pub(crate) forget_hint: &'static str,
    pub(crate) you_are_forgotten: &'static str,
    pub(crate) forgotten: &'static str,
    pub(crate) device: &'static str,
    pub(crate) device_hint: &'static str,
    pub(crate) user_code: &'static str,
    pub(crate) device_asks: &'static str,
    pub(crate) device_approved: &'static str,
    pub(crate) device_denied: &'static str,
    pub(crate) back_to_device: &'static str,
    pub(crate) wrong_title: &'static str,
    pub(crate) wrong_hint: &'static str,
    pub(crate) not_own: &'static str,
    pub(crate) not_own_hint: &'static str,
    pub(crate) not_ours_hint: &'static str,
    pub(crate) too_often: &'static str,
    pub(crate) too_often_hint: &'static str,
    pub(crate) ours: &'static str,
    pub(crate) ours_hint: &'static str,
    pub(crate) skip: &'static str,
    /// What scopes mean to people, by name.
    pub(crate) scopes: &'static [(&'static str, &'static str)],
    pub(crate) verify_mail: (&'static str, &'static str),
    pub(crate) reset_mail: (&'static str, &'static str),
    pub(crate) already_mail: (&'static str, &'static str),
}

impl Words {
    /// What scopes mean to people; one that we have no word for is called by its name.
    pub(crate) fn scopes<'a>(&self, names: &'a [String]) -> Vec<&'a str> {
        let word = |name: &'a String| {
            let known = self.scopes.iter().find(|(own, _)| own == name);
            known.map_or(name.as_str(), |(_, word)| *word)
        };
        names.iter().map(word).collect()
    }

    /// The words that a browser asks for: whichever of both languages it names first.
    pub(crate) fn of(headers: &HeaderMap) -> &'static Self {
        let asked = headers.get(header::ACCEPT_LANGUAGE).and_then(|asked| asked.to_str().ok());
        let mut tags = asked.unwrap_or_default().split(',').map(|tag| tag.trim().get(..2));
        let first = tags.find(|tag| matches!(tag, Some("ko" | "en")));
        if first == Some(Some("ko")) { &korean::WORDS } else { &english::WORDS }
    }
}
