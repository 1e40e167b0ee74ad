//! What there is instead, when a backend has failed.

use http::Response;

use super::choose::Chosen;
use super::{Core, Exchange, Record, respond};
use crate::body::Body;
use crate::kept::Wanted;
use crate::problem::Problem;
use crate::snapshot::{Fallback, FallbackTo};

impl Core {
    /// The answer of what was chosen, or of what there is instead.
    pub(super) async fn obtain(
        &self,
        chosen: &Chosen<'_>,
        fallback: &Fallback,
        exchange: &mut Exchange,
        record: &mut Record,
    ) -> Result<Response<Body>, Problem> {
        // What may be asked for twice is kept; a body that has to be read cannot be.
        let again = exchange.body.whole();
        let kept = fallback.kept.as_ref().and_then(|kept| {
            // What somebody is told of himself is for nobody else.
            let nobodys = exchange.caller.is_none();
            let wanted = Wanted::of(exchange.peer.secure, &exchange.target, &exchange.ask);
            Some((kept, wanted.filter(|_wanted| nobodys)?))
        });
        let first = self.send_judged(chosen, exchange, record).await;
        let status = first.as_ref().map_or_else(Problem::status, Response::status);
        if !fallback.on.contains(&status) {
            return match kept {
                Some((kept, wanted)) => first.map(|response| kept.keep(wanted, response)),
                None => first,
            };
        }
        if let Some(response) = kept.and_then(|(kept, wanted)| kept.find(&wanted)) {
            record.fell_back();
            return Ok(response);
        }
        match (&fallback.to, again) {
            (Some(FallbackTo::Respond(options)), _) => {
                record.fell_back();
                Ok(respond::fixed(options))
            }
            (Some(FallbackTo::Backend(backend)), Some(body)) => {
                record.fell_back();
                exchange.body = Body::full(body);
                self.send(backend, exchange, record).await
            }
            (Some(FallbackTo::Backend(_)) | None, _) => first,
        }
    }
}
