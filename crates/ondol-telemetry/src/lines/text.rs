//! A line for people.

use std::fmt::{self, Display, Write};

use ondol_doors::{Clock as _, SystemClock};
use tracing::{Level, Metadata};

use super::Whose;
use super::fields::{Fields, Value};

/// The time of day, as a line says it.
pub(super) fn now() -> String {
    SystemClock::start().now().to_string()
}

pub(super) fn line(
    about: &Metadata<'_>,
    fields: Fields,
    here: Option<Whose>,
    has_colour: bool,
) -> String {
    let level = *about.level();
    let (colour, faint, plain) = match has_colour {
        true => (colour(level), "\x1b[2m", "\x1b[0m"),
        false => ("", "", ""),
    };
    let mut line = format!("{faint}{}{plain} {colour}{level:>5}{plain} ", now());
    let mut add = |text: fmt::Arguments<'_>| {
        line.write_fmt(text).expect("a text takes what is written to it");
    };
    add(format_args!("{}", OneLine(&fields.message)));
    for (name, value) in fields.others {
        match value {
            Value::Text(text) => add(format_args!(" {faint}{name}={plain}{}", OneLine(&text))),
            Value::Number(number) => add(format_args!(" {faint}{name}={plain}{number}")),
            Value::Signed(number) => add(format_args!(" {faint}{name}={plain}{number}")),
            Value::Fraction(number) => add(format_args!(" {faint}{name}={plain}{number}")),
            Value::Flag(flag) => add(format_args!(" {faint}{name}={plain}{flag}")),
        }
    }
    if let Some((context, _correlation)) = here {
        add(format_args!(" {faint}trace={:032x}{plain}", context.trace_id()));
    }
    line
}

const fn colour(level: Level) -> &'static str {
    match level {
        Level::ERROR => "\x1b[31m",
        Level::WARN => "\x1b[33m",
        Level::INFO => "\x1b[32m",
        Level::DEBUG => "\x1b[34m",
        Level::TRACE => "\x1b[35m",
    }
}

/// A text whose control characters are written out: nobody begins a line of his own in our log.
struct OneLine<'a>(&'a str);

impl Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|one| match one {
            one if one.is_control() => write!(f, "{}", one.escape_default()),
            one => f.write_char(one),
        })
    }
}
