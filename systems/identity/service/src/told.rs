//! What other services hear: that tokens which they would still believe were taken back.

use identity_domain::{grant, session, user};
use ondol_auth::TakenBack;
use ondol_domain::event_set;
use ondol_kernel::Recorded;

event_set! {
    /// What may take tokens back.
    pub(crate) enum Inner {
        /// Something has happened to a session.
        Session(session::Event),
        /// Something has happened to a grant.
        Grant(grant::Event),
        /// Something has happened to a user.
        User(user::Event),
    }
}

/// What is told of an event. Other services hear names that mean nothing outside.
pub(crate) fn told(event: &Recorded<Inner>) -> Vec<TakenBack> {
    let key = || event.stream.key().to_owned();
    let now = event.metadata.time.as_unix_millis() / 1_000;
    let of_user = |issued_up_to| vec![TakenBack::Subject { subject: key(), issued_up_to }];
    match &event.data {
        Inner::Session(session::Event::Ended { with }) => {
            let all = std::iter::once(key()).chain(with.iter().map(ToString::to_string));
            all.map(|session| TakenBack::Session { session }).collect()
        }
        Inner::Grant(grant::Event::Revoked { .. }) => vec![TakenBack::Grant { grant: key() }],
        Inner::User(user::Event::PasswordChanged { at, .. } | user::Event::TotpRemoved { at }) => {
            of_user(at.saturating_sub(1))
        }
        Inner::User(user::Event::RoleWithdrawn { .. } | user::Event::Forgotten) => of_user(now),
        Inner::Session(session::Event::Started { .. } | session::Event::Replaced { .. })
        | Inner::Grant(grant::Event::Opened { .. } | grant::Event::Refreshed { .. })
        | Inner::User(
            user::Event::Registered { .. }
            | user::Event::EmailVerified
            | user::Event::PasswordHashedAnew { .. }
            | user::Event::TotpOffered { .. }
            | user::Event::TotpUsed { .. }
            | user::Event::RoleGranted { .. },
        ) => Vec::new(),
    }
}
