//! What can be set, in `[settings.identity]` of the configuration.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use identity_domain::Role;
use ondol::Settings;
use ondol_auth::decode_strict;
use ondol_vault::VaultOptions;
use serde::{Deserialize, Serialize};

use crate::accounts::{is_email, is_password};
use crate::passwords::{MEMORY_KIB, PASSES};

/// The ways in which a client may ask.
const GRANTS: [&str; 4] =
    ["authorization_code", "refresh_token", "client_credentials", "device_code"];

/// What can be set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// The name of the issuer: its address as everybody sees it, without a slash at the end.
    pub issuer: String,
    /// For whom access tokens are.
    pub audience: String,
    /// The file of the master key.
    pub master_key: PathBuf,
    /// The folder of people's keys.
    pub keys: PathBuf,
    /// The ledger of those who were forgotten.
    pub ledger: PathBuf,
    /// The audit log.
    pub audit: PathBuf,
    /// Its anchors.
    pub anchors: PathBuf,
    /// The folder into which e-mails are written, for whatever sends them.
    pub outbox: PathBuf,
    /// How long an access token lasts.
    pub access_seconds: u64,
    /// How long a code lasts.
    pub code_seconds: u64,
    /// How long a grant lasts without its owner.
    pub grant_seconds: u64,
    /// How long a session lasts.
    pub session_seconds: u64,
    /// How many passwords are hashed at once.
    pub hashing_max: usize,
    /// What a new hash of a password costs: KiB of memory.
    pub password_memory_kib: u32,
    /// And passes over it.
    pub password_passes: u32,
    /// How many milliseconds it takes at least to be told that a letter is on its way: how long it
    /// takes says nothing about who is known.
    pub unhurried_ms: u64,
    /// Whether whoever has not shown that his e-mail address is his own may not sign in.
    pub verified_only: bool,
    /// How many seconds a device waits before it asks again.
    pub device_poll_seconds: u64,
    /// A mail server of this machine that takes the e-mails; without one they stay in the outbox.
    pub smtp: Option<SocketAddr>,
    /// From whom the e-mails are.
    pub mail_from: String,
    /// How many failures an account, and an address, may have in the window.
    pub failures_account_max: u32,
    /// The same for one address.
    pub failures_address_max: u32,
    /// The window.
    pub failures_seconds: u64,
    /// How long a key signs.
    pub key_signs_seconds: u64,
    /// Gateways of ours that stand elsewhere: what they say of whom they were asked by is believed.
    pub gateways: Vec<IpAddr>,
    /// Whose e-mail addresses make them administrators, once they are shown to be theirs.
    pub administrators: Vec<String>,
    /// Who may ask.
    pub clients: Vec<ClientOptions>,
    /// Who is there from the beginning.
    pub people: Vec<PersonOptions>,
}

/// Somebody who is there from the beginning. Whoever can read the file knows his password: this is
/// for demos, and for a first password that is changed at once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PersonOptions {
    /// His e-mail address; it counts as shown to be his.
    pub email: String,
    /// What he is called.
    pub name: String,
    /// His first password.
    pub password: String,
    /// What he may be.
    pub roles: Vec<String>,
}

/// A client.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClientOptions {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The SHA-256 of its secret, as base64url; none for a client that cannot keep one.
    pub secret_sha256: Option<String>,
    /// Where people may be sent back to, to the letter.
    pub redirect_uris: Vec<String>,
    /// Where they may be sent after signing out.
    pub post_logout_redirect_uris: Vec<String>,
    /// What it may ask for.
    pub scopes: Vec<String>,
    /// How it may ask: `authorization_code`, `refresh_token`, `client_credentials`, `device_code`.
    pub grants: Vec<String>,
    /// What it is itself, when it asks for itself.
    pub roles: Vec<String>,
    /// Whether people are not asked whether it may.
    pub is_trusted: bool,
    /// Whether it may look at others' tokens.
    pub may_introspect: bool,
}

/// What is wrong with the settings.
#[derive(Debug, thiserror::Error)]
#[error("settings.identity: {}", problems.join("; "))]
pub struct OptionsError {
    /// Everything that is.
    pub problems: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            issuer: "http://127.0.0.1:8080".to_owned(),
            audience: "ondol".to_owned(),
            master_key: PathBuf::from("secrets/master.key"),
            keys: PathBuf::from("secrets/people"),
            ledger: PathBuf::from("ledger/forgotten"),
            audit: PathBuf::from("audit/audit.log"),
            anchors: PathBuf::from("anchors/anchors"),
            outbox: PathBuf::from("outbox"),
            access_seconds: 300,
            code_seconds: 60,
            grant_seconds: 30 * 24 * 3600,
            session_seconds: 12 * 3600,
            hashing_max: 2,
            password_memory_kib: 19 * 1024,
            password_passes: 2,
            unhurried_ms: 300,
            verified_only: true,
            device_poll_seconds: 5,
            smtp: None,
            mail_from: "ondol@localhost.localdomain".to_owned(),
            failures_account_max: 5,
            failures_address_max: 100,
            failures_seconds: 900,
            key_signs_seconds: 30 * 24 * 3600,
            gateways: Vec::new(),
            administrators: Vec::new(),
            clients: Vec::new(),
            people: Vec::new(),
        }
    }
}

impl Options {
    /// Reads the settings; paths are from the service's own folder.
    ///
    /// # Errors
    /// With everything that is wrong.
    pub fn read(settings: &Settings) -> Result<Self, OptionsError> {
        let value = toml::Value::Table(settings.table.clone());
        let read = Self::deserialize(value);
        let mut options =
            read.map_err(|error| OptionsError { problems: vec![error.message().into()] })?;
        let paths = [
            &mut options.master_key,
            &mut options.keys,
            &mut options.ledger,
            &mut options.audit,
            &mut options.anchors,
            &mut options.outbox,
        ];
        for path in paths {
            *path = settings.folder.join(&*path);
        }
        options.validate()?;
        Ok(options)
    }

    /// Where the vault is.
    pub(crate) fn vault(&self) -> VaultOptions {
        VaultOptions {
            master: self.master_key.clone(),
            keys: self.keys.clone(),
            ledger: self.ledger.clone(),
        }
    }

    fn validate(&self) -> Result<(), OptionsError> {
        let mut problems = Vec::new();
        let mut rule = |is_broken: bool, said: String| {
            if is_broken {
                problems.push(said);
            }
        };
        let is_local = self.issuer.starts_with("http://127.0.0.1:")
            || self.issuer.starts_with("http://localhost:");
        let is_address = self.issuer.starts_with("https://") || is_local;
        rule(!is_address, "issuer begins with https:// unless it is on this machine".to_owned());
        rule(
            self.issuer.ends_with('/') || self.issuer.contains(['?', '#']),
            "issuer has no slash at its end, no question and no fragment".to_owned(),
        );
        rule(self.hashing_max == 0, "hashing_max is at least 1".to_owned());
        self.rules_of_passwords_and_mail(&mut rule);
        rule(
            self.access_seconds == 0 || self.access_seconds > 3600,
            "access_seconds is 1 to 3600".to_owned(),
        );
        for (at, client) in self.clients.iter().enumerate() {
            let id = &client.id;
            let again = self.clients[..at].iter().any(|other| other.id == *id);
            rule(id.is_empty() || again, format!("clients[{at}].id is there, and only once"));
            let has = |grant: &str| client.grants.iter().any(|own| own == grant);
            rule(
                has("authorization_code") && client.redirect_uris.is_empty(),
                format!("{id} has an address to send people back to"),
            );
            rule(
                has("client_credentials") && client.secret_sha256.is_none(),
                format!("{id} has a secret to ask for itself"),
            );
            client.rules(&mut rule);
        }
        self.rules_of_people(&mut |is_broken, said| {
            if is_broken {
                problems.push(said);
            }
        });
        if problems.is_empty() { Ok(()) } else { Err(OptionsError { problems }) }
    }

    fn rules_of_people(&self, rule: &mut impl FnMut(bool, String)) {
        for (at, person) in self.people.iter().enumerate() {
            let named = person.roles.iter().all(|name| Role::named(name).is_some());
            rule(!is_email(&person.email), format!("people[{at}].email is an e-mail address"));
            rule(person.name.trim().is_empty(), format!("people[{at}].name is there"));
            rule(!is_password(&person.password), format!("people[{at}].password is long enough"));
            rule(!named, format!("people[{at}].roles are roles that there are"));
        }
    }

    fn rules_of_passwords_and_mail(&self, rule: &mut impl FnMut(bool, String)) {
        let (memory, passes) = (self.password_memory_kib, self.password_passes);
        rule(
            !MEMORY_KIB.contains(&memory),
            format!("password_memory_kib is {} to {}", MEMORY_KIB.start(), MEMORY_KIB.end()),
        );
        rule(
            !PASSES.contains(&passes),
            format!("password_passes is {} to {}", PASSES.start(), PASSES.end()),
        );
        rule(self.unhurried_ms > 5_000, "unhurried_ms is at most 5000".to_owned());
        rule(
            !(1..=60).contains(&self.device_poll_seconds),
            "device_poll_seconds is 1 to 60".to_owned(),
        );
        rule(
            self.smtp.is_some_and(|server| !server.ip().is_loopback()),
            "smtp is an address of this machine: nothing here encrypts the way to another"
                .to_owned(),
        );
        rule(!is_email(&self.mail_from), "mail_from is an e-mail address".to_owned());
    }
}

impl ClientOptions {
    fn rules(&self, rule: &mut impl FnMut(bool, String)) {
        let id = &self.id;
        for address in self.redirect_uris.iter().chain(&self.post_logout_redirect_uris) {
            rule(
                !is_place(address),
                format!("{id}: {address} is https, http on this machine, or an app's own scheme"),
            );
        }
        let is_hash = |text: &String| decode_strict(text).is_ok_and(|bytes| bytes.len() == 32);
        rule(
            self.secret_sha256.as_ref().is_some_and(|text| !is_hash(text)),
            format!("{id}: secret_sha256 is the SHA-256 of a secret, as base64url"),
        );
        for grant in self.grants.iter().filter(|grant| !GRANTS.contains(&grant.as_str())) {
            rule(true, format!("{id}: {grant} is no way to ask; there are {}", GRANTS.join(", ")));
        }
        for role in self.roles.iter().filter(|role| Role::named(role).is_none()) {
            rule(true, format!("{id}: there is no role {role}"));
        }
    }
}

/// Whether people may be sent to an address: nobody on the way can read it, and it runs no script.
fn is_place(address: &str) -> bool {
    let Some((scheme, rest)) = address.split_once(':') else { return false };
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"#\"<>\\".contains(&byte);
    let host =
        rest.strip_prefix("//").map(|rest| rest.split(['/', '?']).next().unwrap_or_default());
    let is_here = |host: &str| {
        let name = host.strip_prefix("[::1]").or_else(|| host.strip_prefix("127.0.0.1"));
        name.or_else(|| host.strip_prefix("localhost")).is_some_and(|port| {
            port.is_empty()
                || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok())
        })
    };
    let is_sound = match scheme {
        "https" => host.is_some_and(|host| !host.is_empty() && !host.contains('@')),
        "http" => host.is_some_and(is_here),
        // An app's own scheme is a name that it has, turned round (RFC 8252).
        _ => {
            scheme.contains('.')
                && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b".-+".contains(&b))
        }
    };
    is_sound && address.bytes().all(is_plain)
}
