//! A message as a person reads it.

use std::fmt::Write as _;

use super::Message;
use crate::objectives::Alert;

/// The subject and the text of an e-mail.
pub(super) fn of(message: &Message) -> (String, String) {
    let Message { program, burning, lasting, time, id } = message;
    let subject = match (burning.first(), lasting.first()) {
        (Some(alert), _) => {
            format!(
                "[{}] {program}: {}{}",
                alert.severity.word(),
                alert.objective,
                more(burning.len())
            )
        }
        (None, Some(name)) => format!("[ok] {program}: {name}{}", more(lasting.len())),
        (None, None) => format!("[ok] {program}"),
    };
    let mut text = String::new();
    for Alert { objective, severity, burn_rate, window_seconds } in burning {
        let hours = window_seconds / 3_600;
        writeln!(
            text,
            "{}: the budget of \"{objective}\" is spent {burn_rate:.1} times too fast, over {hours} h.\r",
            severity.word()
        )
        .expect("a text can grow");
    }
    for name in lasting {
        writeln!(text, "ok: the budget of \"{name}\" lasts again.\r").expect("a text can grow");
    }
    write!(text, "\r\n{time}, {id}\r\n").expect("a text can grow");
    (subject, text)
}

fn more(count: usize) -> String {
    match count {
        0 | 1 => String::new(),
        more => format!(" and {} more", more - 1),
    }
}
