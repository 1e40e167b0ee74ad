//! The provider as a program: standard clients, a real browser, other services, a mail server, and
//! files that are searched byte by byte.

#[path = "program/commands.rs"]
mod commands;
#[path = "program/elsewhere.rs"]
mod elsewhere;
#[path = "program/forgetting.rs"]
mod forgetting;
#[path = "program/mail.rs"]
mod mail;
#[path = "program/provider.rs"]
mod provider;
#[path = "program/seen.rs"]
mod seen;
#[path = "program/standard.rs"]
mod standard;
#[path = "factor/totp.rs"]
mod totp;
#[path = "program/visitor.rs"]
mod visitor;
