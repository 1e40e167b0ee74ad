//! How the commands speak to people: results to standard output, what goes on to standard error.

use std::io::{self, IsTerminal, Write as _};
use std::time::Duration;

/// A line of the result.
pub(crate) fn line(text: &str) {
    // A closed pipe (`| head`) is the reader's decision, not a failure of ours.
    writeln!(io::stdout(), "{text}").ok();
}

/// What happens next.
pub(crate) fn note(text: &str) {
    styled("1", text);
}

/// What went wrong.
pub(crate) fn error(text: &str) {
    styled("1;31", &format!("error: {text}"));
}

fn styled(style: &str, text: &str) {
    let plain = std::env::var_os("NO_COLOR").is_some() || !io::stderr().is_terminal();
    let text = if plain { text.to_owned() } else { format!("\x1b[{style}m{text}\x1b[0m") };
    writeln!(io::stderr(), "{text}").ok();
}

/// `2m 05s`, `12.3s`.
pub(crate) fn duration(took: Duration) -> String {
    match took.as_secs() {
        seconds @ 60.. => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{:.1}s", took.as_secs_f64()),
    }
}

/// The closest known name, when one is close.
pub(crate) fn did_you_mean<'a>(
    wanted: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let scored = known.into_iter().map(|name| (strsim::jaro_winkler(wanted, name), name));
    let best = scored.max_by(|left, right| left.0.total_cmp(&right.0))?;
    (best.0 > 0.75).then_some(best.1)
}

/// Why a name was not accepted, and which ones are.
pub(crate) fn unknown(what: &str, wanted: &str, known: &[&str]) -> anyhow::Error {
    match did_you_mean(wanted, known.iter().copied()) {
        Some(close) => anyhow::anyhow!("there is no {what} `{wanted}`; did you mean `{close}`?"),
        None if known.is_empty() => {
            anyhow::anyhow!("there is no {what} `{wanted}`; there are none yet")
        }
        None => anyhow::anyhow!("there is no {what} `{wanted}`; there are: {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests;
