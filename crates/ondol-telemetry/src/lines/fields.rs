//! The fields of what is told, masked and within bounds.

use std::error::Error;
use std::fmt::{self, Debug, Write};

use tracing::field::{Field, Visit};

use crate::mask;

/// How many fields one line has at most; further ones are left out.
pub(super) const FIELDS_MAX: usize = 64;

/// A value as it is told.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Text(String),
    Number(u64),
    Signed(i64),
    Fraction(f64),
    Flag(bool),
}

/// The fields of what is told, in their order. What they say is masked.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    pub(crate) message: String,
    pub(crate) others: Vec<(&'static str, Value)>,
}

impl Fields {
    fn add(&mut self, field: &Field, value: Value) {
        if self.others.len() < FIELDS_MAX {
            let value = if mask::is_secret(field.name()) {
                Value::Text(mask::HIDDEN.to_owned())
            } else {
                value
            };
            self.others.push((field.name(), value));
        }
    }

    fn text(&mut self, field: &Field, text: &str) {
        let masked = mask::text(text);
        if field.name() == "message" {
            self.message = masked;
        } else {
            self.add(field, Value::Text(masked));
        }
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.text(field, &cut(format_args!("{value:?}")));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.text(field, &cut(format_args!("{value}")));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, Value::Number(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, Value::Signed(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, Value::Fraction(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, Value::Flag(value));
    }
}

/// A text of which no more is written than the mask looks at, however long it would be.
fn cut(arguments: fmt::Arguments<'_>) -> String {
    struct Cut(String);
    impl Write for Cut {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0.push_str(text);
            // Whoever writes on is told to stop.
            if self.0.len() > mask::TEXT_BYTES_MAX { Err(fmt::Error) } else { Ok(()) }
        }
    }
    let mut cut = Cut(String::new());
    // What does not fit is what was to be cut.
    let (Ok(()) | Err(fmt::Error)) = cut.write_fmt(arguments);
    cut.0
}
