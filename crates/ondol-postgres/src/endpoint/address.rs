//! What an address says about TLS, taken out of it: the client library knows less of that than
//! people write.

use percent_encoding::percent_decode_str;

use super::InvalidAddress;

/// An address without what it asks of TLS, and that.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) url: String,
    pub(super) mode: Option<String>,
    pub(super) roots: Option<String>,
}

impl Asked {
    /// What an address asks for. One that is not written as a url is left as it is.
    pub(super) fn of(url: &str) -> Result<Self, InvalidAddress> {
        let is_url = url.starts_with("postgres://") || url.starts_with("postgresql://");
        let Some((base, query)) = url.split_once('?').filter(|_| is_url) else {
            return Ok(Self { url: url.to_owned(), mode: None, roots: None });
        };
        let (mut mode, mut roots, mut others) = (None, None, Vec::new());
        for part in query.split('&').filter(|part| !part.is_empty()) {
            match part.split_once('=') {
                Some(("sslmode", value)) => mode = Some(decoded(value)?),
                Some(("sslrootcert", value)) => roots = Some(decoded(value)?),
                _ => others.push(part),
            }
        }
        let url = match others.is_empty() {
            true => base.to_owned(),
            false => format!("{base}?{}", others.join("&")),
        };
        Ok(Self { url, mode, roots })
    }
}

fn decoded(value: &str) -> Result<String, InvalidAddress> {
    let decoded = percent_decode_str(value).decode_utf8();
    decoded.map(Into::into).map_err(|_not_text| InvalidAddress::Malformed)
}
