//! What a request may look like: the type of its body, the size of its query and of its headers.

use ondol_resilience::Mode;

use super::NotMade;
use super::media::{Media, Pattern};
use crate::config::AcceptOptions;
use crate::gateway::Exchange;
use crate::problem::Problem;

/// What a request may look like.
#[derive(Debug)]
pub(crate) struct Accept {
    pub(crate) mode: Mode,
    content_types: Vec<Pattern>,
    query_bytes_max: usize,
    parameters_max: usize,
    headers_max: usize,
    header_bytes_max: usize,
}

impl Accept {
    /// Ready to be looked at; none, if it is off.
    pub(crate) fn new(options: &AcceptOptions) -> Result<Option<Self>, NotMade> {
        let types = options.content_types.iter().map(|text| Pattern::read(text));
        let content_types = types.collect::<Option<_>>().ok_or(NotMade)?;
        Ok((options.mode != Mode::Off).then_some(Self {
            mode: options.mode,
            content_types,
            query_bytes_max: options.query_bytes_max.unwrap_or(usize::MAX),
            parameters_max: options.parameters_max.unwrap_or(usize::MAX),
            headers_max: options.headers_max.unwrap_or(usize::MAX),
            header_bytes_max: options.header_bytes_max.unwrap_or(usize::MAX),
        }))
    }

    /// Whether a request looks as it may.
    pub(crate) fn admit(&self, exchange: &Exchange) -> Result<(), Problem> {
        let query = exchange.target.query().unwrap_or_default();
        if query.len() > self.query_bytes_max || parameters(query) > self.parameters_max {
            return Err(Problem::QueryTooLarge);
        }
        let headers = &exchange.ask.headers;
        let bytes = || headers.iter().map(|(name, value)| name.as_str().len() + value.len());
        let too_large =
            self.header_bytes_max < usize::MAX && bytes().sum::<usize>() > self.header_bytes_max;
        if headers.len() > self.headers_max || too_large {
            return Err(Problem::HeadersTooLarge);
        }
        if self.content_types.is_empty() || http_body::Body::is_end_stream(&exchange.body) {
            return Ok(());
        }
        let media = Media::of(headers).filter(Media::has_fit_charset);
        let fits = |media: &Media| self.content_types.iter().any(|pattern| pattern.fits(media));
        if media.as_ref().is_some_and(fits) { Ok(()) } else { Err(Problem::UnsupportedMediaType) }
    }
}

fn parameters(query: &str) -> usize {
    if query.is_empty() { 0 } else { query.split('&').count() }
}
