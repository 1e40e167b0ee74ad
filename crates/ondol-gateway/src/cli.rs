//! The command line: run, check, explain, show; and look at a gateway that runs, and change it.

mod ask;
mod control;
mod run;
mod top;
mod watch;

use std::io::Write;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::{Args, Parser, Subcommand};
use ondol_gateway::{
    BackendOptions, Config, EndpointOptions, Question, RouteOptions, check_certificates, explain,
    verify_lines,
};

/// The configuration, where none is named.
const FILE: &str = "gateway.toml";

/// A strict, fast, reloadable API gateway.
#[derive(Debug, Parser)]
#[command(name = "ondol-gateway", version, args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: Run,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve. Reloads when the file changes or on SIGHUP; SIGTERM drains and stops.
    Run(Run),
    /// Say what is wrong with a configuration.
    Check {
        /// The configuration.
        #[arg(default_value = FILE)]
        file: PathBuf,
    },
    /// Say which route a request would take, and why not the others.
    Explain {
        /// The method, such as GET.
        method: String,
        /// `http://host/path?query`.
        url: String,
        /// A header, such as `Accept: application/json`.
        #[arg(short = 'H', long = "header")]
        headers: Vec<String>,
        /// A name in the certificate that the client shows.
        #[arg(long)]
        certificate: Option<String>,
        /// The address that the client has.
        #[arg(long)]
        from: Option<IpAddr>,
        /// The configuration.
        #[arg(long, default_value = FILE)]
        config: PathBuf,
    },
    /// Follow the chain of an audit log through its files, the oldest first.
    Audit {
        /// The files: `audit.jsonl.1 audit.jsonl.2 audit.jsonl`.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Look at a gateway that runs, and change it.
    Control(control::Control),
    /// Show what a gateway does now: routes, backends, breakers, limits, canaries.
    Top(top::Top),
    /// Show what is not to be seen in the file.
    Show {
        #[command(subcommand)]
        what: Show,
    },
}

#[derive(Debug, Subcommand)]
enum Show {
    /// The configuration as it takes effect, with every limit filled in.
    Effective {
        /// The configuration.
        #[arg(default_value = FILE)]
        file: PathBuf,
    },
}

#[derive(Debug, Args)]
struct Run {
    /// The configuration.
    file: Option<PathBuf>,
    /// Send everything there, without any file: `http://localhost:3000`.
    #[arg(long, conflicts_with = "file")]
    to: Option<String>,
    /// Where to listen, with `--to`.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
}

/// Does what the command line says.
pub(crate) fn main() -> anyhow::Result<()> {
    let Arguments { command, run } = Arguments::parse();
    match command.unwrap_or(Command::Run(run)) {
        Command::Run(Run { to: Some(to), listen, .. }) => {
            run::run(run::Loaded::without_file(to_one(&to, listen)?), None)
        }
        Command::Run(Run { file, .. }) => {
            let file = file.unwrap_or_else(|| FILE.into());
            run::run(run::read_or_last_good(&file)?, Some(&file))
        }
        Command::Check { file } => {
            let config = read(&file)?;
            check_certificates(&config)?;
            let number = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
            let routes = count(number(config.routes.len()), "route");
            let backends = count(number(config.backends.len()), "backend");
            say(&format!("{}: good; {routes}, {backends}\n", file.display()))
        }
        Command::Explain { method, url, headers, certificate, from, config } => {
            let headers = headers.iter().map(|header| split_header(header));
            let headers = headers.collect::<anyhow::Result<_>>()?;
            let question = Question { method, url, headers, certificate, from };
            say(&explain(&read(&config)?, &question)?)
        }
        Command::Audit { files } => {
            let (lines, head) = verify_lines(&files)?;
            say(&format!(
                "{}, as they were written; the chain ends in {head}\n",
                count(lines, "line")
            ))
        }
        Command::Control(control) => say(&control.run()?),
        Command::Top(top) => top.run(),
        Command::Show { what: Show::Effective { file } } => say(&toml::to_string(&read(&file)?)?),
    }
}

fn count(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn split_header(header: &str) -> anyhow::Result<(String, String)> {
    match header.split_once(':') {
        Some((name, value)) => Ok((name.trim().to_owned(), value.trim().to_owned())),
        None => bail!("`{header}` is not `Name: value`"),
    }
}

fn say(text: &str) -> anyhow::Result<()> {
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}

/// Reads a file.
fn read(file: &Path) -> anyhow::Result<Config> {
    let name = file.display().to_string();
    Ok(Config::read(&name, &text(file)?)?)
}

/// What a file holds.
fn text(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| {
        let hint = match file == Path::new(FILE) && !file.exists() {
            true => {
                "; name another, or send everything to one place with `--to http://localhost:3000`"
            }
            false => "",
        };
        format!("{} cannot be read{hint}", file.display())
    })
}

/// Everything to one place.
fn to_one(to: &str, listen: SocketAddr) -> anyhow::Result<Config> {
    let hint = || match to.contains("://") {
        true => format!("`--to {to}` leads nowhere"),
        false => format!("`--to {to}` leads nowhere; did you mean `--to http://{to}`?"),
    };
    let mut config = Config { listen: vec![listen], ..Config::default() };
    let backend =
        BackendOptions { endpoints: vec![EndpointOptions::at(to)], ..BackendOptions::default() };
    config.backends.insert("to".to_owned(), backend);
    let route = RouteOptions { to: Some("to".to_owned()), ..RouteOptions::default() };
    config.routes.insert("all".to_owned(), Arc::new(route));
    let text = toml::to_string(&config)?;
    Config::read("--to", &text).map_err(|findings| {
        let said: Vec<_> = findings.0.into_iter().map(|finding| finding.message).collect();
        anyhow::anyhow!(said.join("; ")).context(hint())
    })
}
