//! What the identity provider is made of.

use identity_domain::device::Device;
use identity_domain::grant::Grant;
use identity_domain::session::Session;
use identity_domain::ticket::Ticket;
use identity_domain::user::User;
use ondol::{App, Hosted, OpenApiRouter, Running, Service, Settings};
use ondol_store::BoxError;

use crate::options::Options;
use crate::provider::Provider;
use crate::views::Login;
use crate::{commands, routes, told};

/// Users, their sign-ins, and what they have allowed whom.
pub fn service() -> Hosted {
    let service = Service::named("identity")
        .aggregate::<User>()
        .aggregate::<Session>()
        .aggregate::<Ticket>()
        .aggregate::<Grant>()
        .aggregate::<Device>()
        .view::<Login>()
        .publishes(told::told);
    Hosted::from(service)
        .front(front)
        .command(commands::AUDIT_VERIFY)
        .command(commands::VAULT_ROTATE)
}

fn front(running: &Running, settings: &Settings) -> Result<OpenApiRouter, BoxError> {
    let options = Options::read(settings)?;
    let provider = Provider::open(running, options)?;
    Ok(routes::routes(provider))
}

/// The program.
pub fn app() -> App {
    App::named("identity").of_version(env!("CARGO_PKG_VERSION")).service(service())
}
