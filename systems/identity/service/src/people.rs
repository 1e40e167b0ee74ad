//! People that the configuration names: those of a demo, and of a machine that is set up by a script.
//!
//! They are registered once, with an address that counts as theirs. Whoever is known already stays
//! as he is, but for the roles that he lacks: nobody gets an old password back by a restart, and who
//! was forgotten stays forgotten. One who has registered with the address and not shown that it is his
//! is not who is meant: what he proves himself by counts no longer.

use identity_domain::user::{Command, Refusal};
use identity_domain::{Role, UserId};
use ondol_runtime::{Supervisor, error_chain};
use ondol_vault::SealError;
use zeroize::Zeroizing;

use crate::accounts::plain_email;
use crate::fault::Fault;
use crate::options::PersonOptions;
use crate::provider::Provider;

/// Registers those who are named, beside what else the provider does.
pub(crate) fn welcome(provider: &Provider, behind: &Supervisor) {
    let provider = provider.clone();
    behind.start("identity people", move |_stop| async move {
        if !provider.options().people.is_empty() {
            provider.caught_up().await;
        }
        for (at, person) in provider.options().people.iter().enumerate() {
            if let Err(fault) = provider.welcome(person).await {
                let error = error_chain(&fault);
                tracing::error!(at, error, "somebody who is named could not be registered");
            }
        }
        Ok(())
    });
}

impl Provider {
    async fn welcome(&self, person: &PersonOptions) -> Result<(), Fault> {
        let email = plain_email(&person.email);
        let lookup = self.vault().blind("email", &email);
        let known = self.logins().get(&lookup).await?.and_then(|found| found.state.user);
        let user = match known {
            Some(user) => self.is_meant(user, person).await?.then_some(user),
            None => self.registered(person, email, lookup).await?,
        };
        let Some(user) = user.map(|user| user.to_string()) else { return Ok(()) };
        let roles = person.roles.iter().filter_map(|name| Role::named(name));
        let grants = roles.map(|role| Command::Grant { role });
        for command in [Command::VerifyEmail].into_iter().chain(grants) {
            let done = self.ask(self.users(), &user, command).await?;
            done.map_err(|_refusal| Fault::Data("somebody who is named"))?;
        }
        Ok(())
    }

    /// Whether somebody who has the address already is the one that is named, from now on; not, when
    /// he was forgotten.
    async fn is_meant(&self, user: UserId, person: &PersonOptions) -> Result<bool, Fault> {
        let Some(profile) = self.profile(user).await? else { return Ok(false) };
        if profile.is_verified {
            return Ok(true);
        }
        let subject = user.to_string();
        let hash = self.passwords().hash(Zeroizing::new(person.password.clone())).await?;
        let password = self.vault().seal(&subject, "password", &hash)?;
        let at = self.now() + 1;
        for command in [Command::ChangePassword { password, at }, Command::RemoveTotp { at }] {
            let done = self.ask(self.users(), &subject, command).await?;
            done.map_err(|_refusal| Fault::Data("somebody who is named"))?;
        }
        Ok(true)
    }

    /// Registers somebody; nobody, when another has come to have his address.
    async fn registered(
        &self,
        person: &PersonOptions,
        email: String,
        lookup: String,
    ) -> Result<Option<UserId>, Fault> {
        let hash = self.passwords().hash(Zeroizing::new(person.password.clone())).await?;
        let user: UserId = self.rng().id(self.clock().now());
        let (vault, subject, name) = (self.vault().clone(), user.to_string(), person.name.clone());
        // The first field makes a key and syncs it to disk, which blocks.
        let sealed = tokio::task::spawn_blocking(move || {
            Ok::<_, SealError>((
                vault.seal(&subject, "email", &email)?,
                vault.seal(&subject, "name", &name)?,
                vault.seal(&subject, "password", &hash)?,
            ))
        });
        let (email, name, password) =
            sealed.await.map_err(|_panicked| Fault::Data("sealing"))??;
        let at = self.now();
        let register = Command::Register { email, lookup, name, password, at, after: 0 };
        match self.ask(self.users(), &user.to_string(), register).await? {
            Ok(_events) => Ok(Some(user)),
            Err(Refusal::EmailTaken) => {
                self.vault().forget(&user.to_string())?;
                Ok(None)
            }
            Err(_refusal) => Err(Fault::Data("a new user")),
        }
    }
}
