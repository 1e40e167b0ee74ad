//! The identity provider: OAuth 2.1 and OpenID Connect, for every system of the house.
//!
//! Whatever has to hold exactly once — a code, a refresh token, a one-time token, the answer to a
//! device — is a thing of `identity-domain` that decides at its desk, and its secret is kept as a
//! hash only. What is known of people is sealed by the vault. Every success and failure is in the
//! audit log before it is answered.

mod accounts;
mod asked;
mod authorize;
mod browser;
mod came_from;
mod clients;
mod commands;
mod device;
mod fault;
mod journal;
mod keys;
mod leave;
mod metadata;
mod options;
mod pages;
mod passwords;
mod people;
mod provider;
mod roles;
mod routes;
mod secrets;
mod sent;
mod signin;
mod throttle;
mod tokens;
mod told;
mod totp;
mod views;
mod wiring;
mod words;

pub use options::{ClientOptions, Options, OptionsError, PersonOptions};
pub use wiring::{app, service};
