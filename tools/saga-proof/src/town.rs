//! A program that runs as several processes, and a client that knows nothing but HTTP.

mod told;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use ondol_testkit::servers::free_address;
use serde_json::Value;
use tokio::process::{Child, Command};
use tokio::sync::Mutex;

use crate::{Ledger, LedgerError};

/// What the processes know each other by.
const SECRET: &str = "a secret of the town, for tests alone";
/// What the schemas of logs that are kept in PostgreSQL begin with.
const SCHEMA_PREFIX: &str = "town_";
/// Long enough for a process to begin or to stop, however busy the machine is.
const LONG: Duration = Duration::from_secs(120);
/// How long one request may take.
const REQUEST_LONGEST: Duration = Duration::from_secs(15);
/// How often is looked whether something has come to be.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A program that runs as one process or several.
pub struct Town {
    program: PathBuf,
    folder: tempfile::TempDir,
    houses: Vec<House>,
    client: Client<HttpConnector, Full<Bytes>>,
    environment: Mutex<BTreeMap<String, String>>,
    token: Mutex<Option<String>>,
}

/// One process, and the services that it runs.
pub struct House {
    services: Vec<String>,
    address: SocketAddr,
    admin: SocketAddr,
    config: PathBuf,
    /// The database of its logs and views; without one they are in the town's folder.
    database: Option<String>,
    child: Mutex<Option<Child>>,
}

/// An answer to a request.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Where what was made is.
    pub location: String,
    /// What it says, if that is JSON; as text otherwise.
    pub body: Value,
}

impl Town {
    /// Starts a program: a process for each group of services. What is set of the whole, and of
    /// services that run elsewhere, is added to its settings.
    ///
    /// # Errors
    /// When a process does not come up.
    pub async fn start(
        program: &Path,
        groups: &[&[&str]],
        whole: &str,
        elsewhere: &str,
    ) -> anyhow::Result<Self> {
        let groups: Vec<_> = groups.iter().map(|group| (*group, None)).collect();
        Self::start_upon(program, &groups, whole, elsewhere).await
    }

    /// The same; the logs and views of a group that names a database are kept in PostgreSQL.
    ///
    /// # Errors
    /// When a process does not come up.
    pub async fn start_upon(
        program: &Path,
        groups: &[(&[&str], Option<&str>)],
        whole: &str,
        elsewhere: &str,
    ) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut houses = Vec::with_capacity(groups.len());
        for (group, database) in groups {
            let services: Vec<_> = group.iter().map(|service| (*service).to_owned()).collect();
            let first = services.first().context("a process runs something")?;
            let config = folder.path().join(format!("{first}-{}.toml", houses.len()));
            let (address, admin) = (free_address()?, free_address()?);
            let (database, child) = (database.map(str::to_owned), Mutex::default());
            houses.push(House { services, address, admin, config, database, child });
        }
        for house in &houses {
            let text = settings(house, &houses, whole)? + elsewhere;
            std::fs::write(&house.config, text)?;
        }
        let client = Client::builder(TokioExecutor::new()).build_http();
        let environment = Mutex::default();
        let program = program.to_owned();
        let token = Mutex::default();
        let town = Self { program, folder, houses, client, environment, token };
        for house in 0..town.houses.len() {
            town.begin(house).await?;
        }
        Ok(town)
    }

    /// From now on processes are started, and words said, with this in their environment.
    pub async fn set(&self, name: &str, value: &str) {
        self.environment.lock().await.insert(name.to_owned(), value.to_owned());
    }

    /// From now on requests are made by whoever this token was issued to.
    pub async fn speak_for(&self, token: &str) {
        *self.token.lock().await = Some(token.to_owned());
    }

    /// Where a service answers.
    ///
    /// # Errors
    /// When it runs nowhere.
    pub fn address(&self, service: &str) -> anyhow::Result<SocketAddr> {
        Ok(self.house(service)?.address)
    }

    /// How many processes it has.
    pub fn houses(&self) -> usize {
        self.houses.len()
    }

    /// Starts a process, and waits until it answers.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn begin(&self, house: usize) -> anyhow::Result<()> {
        let house = self.houses.get(house).context("there is such a process")?;
        let mut command = self.command(house).await;
        command.arg("serve").args(&house.services);
        command.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        *house.child.lock().await = Some(command.spawn()?);
        let url = format!("http://{}/openapi.json", house.address);
        let answers = async || self.send(Method::GET, &url, "", None).await.is_ok();
        until("a process answers", LONG, answers).await
    }

    /// Kills a process, as the system does.
    ///
    /// # Errors
    /// When it does not run.
    pub async fn kill(&self, house: usize) -> anyhow::Result<()> {
        let house = self.houses.get(house).context("there is such a process")?;
        let mut child = house.child.lock().await.take().context("it runs")?;
        Ok(child.kill().await?)
    }

    /// Tells a process to stop, and waits until it has.
    ///
    /// # Errors
    /// When it does not run, or does not stop in order.
    pub async fn stop(&self, house: usize) -> anyhow::Result<()> {
        let house = self.houses.get(house).context("there is such a process")?;
        let mut child = house.child.lock().await.take().context("it runs")?;
        let pid = child.id().context("it runs")?.to_string();
        let sent = std::process::Command::new("kill").args(["-TERM", &pid]).status()?;
        anyhow::ensure!(sent.success(), "the signal can be sent");
        let ended = tokio::time::timeout(LONG, child.wait()).await??;
        anyhow::ensure!(ended.success(), "{:?} did not stop in order: {ended}", house.services);
        Ok(())
    }

    /// Tells every process to stop, and waits until it has.
    ///
    /// # Errors
    /// When one does not stop in order.
    pub async fn stop_all(&self) -> anyhow::Result<()> {
        for house in 0..self.houses.len() {
            self.stop(house).await?;
        }
        Ok(())
    }

    /// What the log of a service holds, as the program's own command line exports it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn ledger(&self, service: &str) -> Result<Ledger, LedgerError> {
        let log = self.log(service);
        let mut command = Command::new(&self.program);
        command.env_clear().args(["log", "export", "--log", &log]);
        let told = command.output().await?;
        if !told.status.success() {
            let said = String::from_utf8_lossy(&told.stderr).into_owned();
            return Err(LedgerError::Program { said });
        }
        Ledger::read(service, &told.stdout)
    }

    /// Runs a verb of the program's command line with the settings of a service's process, and
    /// answers whether it succeeded, and what it has said.
    ///
    /// # Errors
    /// When it cannot be started.
    pub async fn say(&self, service: &str, words: &[&str]) -> anyhow::Result<(bool, String)> {
        let mut command = self.command(self.house(service)?).await;
        let told = command.args(words).output().await?;
        let said = [told.stdout, told.stderr].concat();
        Ok((told.status.success(), String::from_utf8_lossy(&said).into_owned()))
    }

    /// Where the folder of a service is.
    pub fn data(&self, service: &str) -> PathBuf {
        self.folder.path().join("data").join(service)
    }

    /// By which name the log of a service is found.
    fn log(&self, service: &str) -> String {
        let database = self.house(service).ok().and_then(|house| house.database.as_ref());
        database.map_or_else(
            || format!("disk:{}", self.data(service).join("log").display()),
            |url| format!("{url}?schema={SCHEMA_PREFIX}{}", service.replace('.', "_")),
        )
    }

    /// Looks at something of a service.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn get(&self, service: &str, path: &str) -> anyhow::Result<Answer> {
        let url = format!("http://{}{path}", self.house(service)?.address);
        self.send(Method::GET, &url, "", None).await
    }

    /// Looks at something on the operators' port of a service's process.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn admin(&self, service: &str, path: &str) -> anyhow::Result<Answer> {
        let url = format!("http://{}{path}", self.house(service)?.admin);
        self.send(Method::GET, &url, "", None).await
    }

    /// Asks something of a service, once.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn post(
        &self,
        service: &str,
        path: &str,
        key: &str,
        body: &Value,
    ) -> anyhow::Result<Answer> {
        let url = format!("http://{}{path}", self.house(service)?.address);
        self.send(Method::POST, &url, key, Some(body)).await
    }

    /// Puts something in its place, once.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn put(
        &self,
        service: &str,
        path: &str,
        key: &str,
        body: &Value,
    ) -> anyhow::Result<Answer> {
        let url = format!("http://{}{path}", self.house(service)?.address);
        self.send(Method::PUT, &url, key, Some(body)).await
    }

    /// Asks again under the same key for as long as there is no good answer.
    ///
    /// # Errors
    /// When there is none for too long, or it is another one.
    pub async fn insist(
        &self,
        service: &str,
        path: &str,
        key: &str,
        body: &Value,
    ) -> anyhow::Result<Answer> {
        let mut again = tokio::time::interval(LOOK_EVERY);
        let asking = async {
            loop {
                again.tick().await;
                match self.post(service, path, key, body).await {
                    Ok(answer) if answer.status < 300 => return Ok(answer),
                    // It is down, busy, or still at work on the request before.
                    Ok(Answer { status: 409 | 500.., .. }) | Err(_) => {}
                    Ok(answer) => anyhow::bail!("{path} is answered {answer:?}"),
                }
            }
        };
        tokio::time::timeout(LONG, asking).await.context("there is an answer in time")?
    }

    fn house(&self, service: &str) -> anyhow::Result<&House> {
        let mut houses = self.houses.iter();
        let found = houses.find(|house| house.services.iter().any(|one| one == service));
        found.with_context(|| format!("{service} runs nowhere"))
    }

    async fn command(&self, house: &House) -> Command {
        let mut command = Command::new(&self.program);
        command.current_dir(self.folder.path()).env_clear();
        command.envs(self.environment.lock().await.iter());
        command.arg("--config").arg(&house.config);
        command
    }

    async fn send(
        &self,
        method: Method,
        url: &str,
        key: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Answer> {
        let mut request = Request::builder().method(method).uri(url);
        if !key.is_empty() {
            request = request.header("idempotency-key", key);
        }
        if let Some(token) = &*self.token.lock().await {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = body.map(Value::to_string).unwrap_or_default();
        let sent = self.client.request(request.body(Full::from(body))?);
        let answered = tokio::time::timeout(REQUEST_LONGEST, sent).await??;
        let (parts, body) = answered.into_parts();
        let body = body.collect().await?.to_bytes();
        let as_text = || Value::String(String::from_utf8_lossy(&body).into_owned());
        let location = parts.headers.get("location").and_then(|value| value.to_str().ok());
        Ok(Answer {
            status: parts.status.as_u16(),
            location: location.unwrap_or_default().to_owned(),
            body: serde_json::from_slice(&body).unwrap_or_else(|_no_json| as_text()),
        })
    }
}

/// Waits until something is so, and no longer than that.
pub(crate) async fn until(
    what: &str,
    within: Duration,
    mut is_so: impl AsyncFnMut() -> bool,
) -> anyhow::Result<()> {
    let mut look = tokio::time::interval(LOOK_EVERY);
    let waiting = async {
        while !is_so().await {
            look.tick().await;
        }
    };
    tokio::time::timeout(within, waiting).await.with_context(|| format!("{what} in time"))
}

fn settings(house: &House, houses: &[House], whole: &str) -> Result<String, std::fmt::Error> {
    let mut text = "data = \"data\"\n".to_owned();
    writeln!(text, "{whole}")?;
    writeln!(text, "[http]\nlisten = \"{}\"", house.address)?;
    writeln!(text, "[admin]\nlisten = \"{}\"", house.admin)?;
    writeln!(text, "[bus]\nsecret = {SECRET:?}")?;
    if let Some(url) = &house.database {
        writeln!(text, "[log]\nengine = \"postgres\"\n[views]\nengine = \"postgres\"")?;
        writeln!(text, "[postgres]\nurl = {url:?}\nschema_prefix = {SCHEMA_PREFIX:?}")?;
    }
    let mut elsewhere = BTreeMap::new();
    for other in houses {
        for service in other.services.iter().filter(|one| !house.services.contains(one)) {
            elsewhere.entry(service).or_insert(other.address);
        }
    }
    for (service, address) in elsewhere {
        writeln!(text, "[services.{service:?}]\nurl = \"http://{address}\"")?;
    }
    Ok(text)
}
