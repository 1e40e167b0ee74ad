//! The verbs for a gateway that runs: look, steer, change.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::ask::{At, Question};

/// Looks at a running gateway, and changes it.
#[derive(Debug, Args)]
pub(super) struct Control {
    #[command(flatten)]
    at: At,
    #[command(subcommand)]
    what: What,
}

/// Why something is done: it is in the audit log.
#[derive(Debug, Args)]
struct Why {
    /// Why: it is in the audit log.
    #[arg(long)]
    reason: String,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Show what there is, as JSON (the configuration as TOML).
    Show {
        /// `overview`, `config`, `versions`, `routes`, `backends`, `canaries`, `switches`, `mirrors`,
        /// `limits` or `refusals`, and a name after a slash.
        what: String,
    },
    /// Steer the canary of a route.
    Canary {
        #[command(subcommand)]
        act: Canary,
    },
    /// Let the other of a route's two backends serve.
    Switch {
        /// The route.
        route: String,
        /// Which one.
        to: Colour,
        #[command(flatten)]
        why: Why,
    },
    /// Hold a backend's breaker, or let it go.
    Breaker {
        /// The backend.
        backend: String,
        /// How.
        hold: Hold,
        #[command(flatten)]
        why: Why,
    },
    /// Give an instance nothing new.
    Drain {
        /// The backend.
        backend: String,
        /// The instance, as `show backends` names it.
        endpoint: String,
        #[command(flatten)]
        why: Why,
    },
    /// Put a drained instance back.
    Restore {
        /// The backend.
        backend: String,
        /// The instance, as `show backends` names it.
        endpoint: String,
        #[command(flatten)]
        why: Why,
    },
    /// Take another configuration over.
    Apply {
        /// Its file.
        file: PathBuf,
        /// Only say what would be different.
        #[arg(long)]
        dry_run: bool,
        /// The configuration that it changes. The one that runs, if not given.
        #[arg(long)]
        if_match: Option<String>,
        /// Write over a file that holds something else than what runs.
        #[arg(long)]
        overwrite: bool,
        #[command(flatten)]
        why: Why,
    },
    /// Go back to an earlier configuration.
    BackTo {
        /// Its number, as `show versions` has it.
        version: u64,
        #[command(flatten)]
        why: Why,
    },
    /// Let go of stored answers.
    Purge {
        /// Those of an address: `https://host/path?query`.
        #[arg(long)]
        url: Option<String>,
        /// Those below a path: `/path`, or `https://host/path`.
        #[arg(long)]
        below: Option<String>,
        /// Those whose `Cache-Tag` has this word.
        #[arg(long)]
        tag: Option<String>,
        /// All.
        #[arg(long)]
        everything: bool,
        /// Of this route only.
        #[arg(long)]
        route: Option<String>,
        #[command(flatten)]
        why: Why,
    },
    /// Forget what the mirror of a route has found out.
    ForgetMirror {
        /// The route.
        route: String,
        #[command(flatten)]
        why: Why,
    },
}

#[derive(Debug, Subcommand)]
enum Canary {
    /// Stay at this step.
    Freeze(OfCanary),
    /// Go on.
    Thaw(OfCanary),
    /// Go to a step.
    Force {
        /// Percent.
        #[arg(long)]
        step: u8,
        #[command(flatten)]
        of: OfCanary,
    },
    /// Give it nothing.
    RollBack(OfCanary),
    /// Begin anew.
    Restart(OfCanary),
}

#[derive(Debug, Args)]
struct OfCanary {
    /// The route.
    route: String,
    #[command(flatten)]
    why: Why,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Colour {
    Blue,
    Green,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Hold {
    Open,
    Closed,
    Isolated,
    Auto,
}

impl Control {
    /// Does it, and says what came of it.
    pub(super) fn run(self) -> anyhow::Result<String> {
        let Self { at, what } = self;
        let post = |path: &str, body: &Value, why: &Why| {
            let (path, body) = (format!("/control/{path}"), body.to_string());
            let question = Question {
                method: "POST",
                path: &path,
                reason: Some(&why.reason),
                body: &body,
                ..Question::default()
            };
            at.ask(&question).map(|told| pretty(&told.body))
        };
        let of_endpoint = |verb: &str, backend: &str, endpoint: &str, why: &Why| {
            let path = format!("backends/{}/{verb}", escaped(backend));
            post(&path, &json!({ "endpoint": endpoint }), why)
        };
        match what {
            What::Show { what } => at.see(&what).map(|told| pretty(&told.body)),
            What::Canary { act } => {
                let (act, step, OfCanary { route, why }) = act.taken_apart();
                let path = format!("canaries/{}", escaped(&route));
                post(&path, &json!({ "act": act, "step": step }), &why)
            }
            What::Switch { route, to, why } => {
                let to = format!("{to:?}").to_lowercase();
                post(&format!("switches/{}", escaped(&route)), &json!({ "to": to }), &why)
            }
            What::Breaker { backend, hold, why } => {
                let hold = match hold {
                    Hold::Open => "open",
                    Hold::Closed => "closed",
                    Hold::Isolated => "isolated",
                    Hold::Auto => "free",
                };
                let path = format!("backends/{}/breaker", escaped(&backend));
                post(&path, &json!({ "hold": hold }), &why)
            }
            What::Drain { backend, endpoint, why } => {
                of_endpoint("drain", &backend, &endpoint, &why)
            }
            What::Restore { backend, endpoint, why } => {
                of_endpoint("restore", &backend, &endpoint, &why)
            }
            What::Apply { file, dry_run, if_match, overwrite, why } => {
                let text = std::fs::read_to_string(&file);
                let text = text.with_context(|| format!("{} cannot be read", file.display()))?;
                let path = format!("/control/config?dry_run={dry_run}&overwrite={overwrite}");
                change(&at, "PUT", &path, if_match, &text, &why)
            }
            What::BackTo { version, why } => {
                let path = format!("/control/versions/{version}/restore");
                change(&at, "POST", &path, None, "", &why)
            }
            What::Purge { url, below, tag, everything, route, why } => {
                let body = json!({
                    "url": url,
                    "below": below,
                    "tag": tag,
                    "everything": everything,
                    "route": route,
                });
                post("cache/purge", &body, &why)
            }
            What::ForgetMirror { route, why } => {
                post(&format!("mirrors/{}/forget", escaped(&route)), &json!({}), &why)
            }
        }
    }
}

impl Canary {
    /// What is asked for, with a step if there is one, and of what.
    fn taken_apart(self) -> (&'static str, Option<u8>, OfCanary) {
        match self {
            Self::Freeze(of) => ("freeze", None, of),
            Self::Thaw(of) => ("thaw", None, of),
            Self::Force { step, of } => ("force", Some(step), of),
            Self::RollBack(of) => ("roll_back", None, of),
            Self::Restart(of) => ("restart", None, of),
        }
    }
}

/// Changes the configuration that is named, or the one that runs.
fn change(
    at: &At,
    method: &str,
    path: &str,
    if_match: Option<String>,
    body: &str,
    why: &Why,
) -> anyhow::Result<String> {
    let base = match if_match {
        Some(tag) => Some(tag),
        None => at.see("config")?.tag,
    };
    let question =
        Question { method, path, if_match: base.as_deref(), reason: Some(&why.reason), body };
    at.ask(&question).map(|told| pretty(&told.body))
}

/// JSON for a person; anything else as it is.
fn pretty(body: &str) -> String {
    let value: Result<Value, _> = serde_json::from_str(body);
    let pretty = value.ok().and_then(|value| serde_json::to_string_pretty(&value).ok());
    pretty.map_or_else(|| body.to_owned(), |pretty| pretty + "\n")
}

/// A name as it stands in a path.
fn escaped(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    name.bytes()
        .map(|byte| match plain(byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        })
        .collect()
}
