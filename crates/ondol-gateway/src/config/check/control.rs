//! What is wrong with who may change the gateway while it runs.

use super::Checker;

/// Bytes of the audit log that hold at least a day of changes by hand.
const AUDIT_BYTES_MIN: u64 = 64 * 1024;

impl Checker<'_> {
    /// What is wrong with the control of a running gateway.
    pub(super) fn control(&mut self) {
        let Some(control) = &self.config.control else { return };
        match self.config.admin {
            None => self.found("control", "without an `admin` port there is nowhere to ask"),
            Some(admin) if !admin.ip().is_loopback() && !control.beyond_loopback => {
                let what =
                    "an `admin` port that other machines reach needs `beyond_loopback = true`";
                self.found("control", what);
            }
            Some(_) => {}
        }
        if control.tokens.is_empty() {
            self.found("control.tokens", "without a token nobody may do anything");
        }
        let is_name = |name: &str| {
            let letter = |it: char| it.is_ascii_alphanumeric() || "-_.@".contains(it);
            !name.is_empty() && name.len() <= 64 && name.chars().all(letter)
        };
        for name in control.tokens.keys().filter(|name| !is_name(name)) {
            let what = "a name is of letters, digits and `-_.@`";
            self.found(&format!("control.tokens.{name}"), format!("`{name}`: {what}"));
        }
        if !(1..=1000).contains(&control.versions_max) {
            self.found("control.versions_max", "it is between 1 and 1000");
        }
        if control.audit_bytes_max < AUDIT_BYTES_MIN {
            let what = format!("it is at least {AUDIT_BYTES_MIN}");
            self.found("control.audit_bytes_max", what);
        }
    }
}
