//! The task that carries asks over to Redis and answers back.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ondol_doors::Clock;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, RedisConnectionInfo, RedisError, RedisResult};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};

use super::link::{Answer, Ask, Link, lease, part};
use super::share::Given;
use crate::config::RedisOptions;
use crate::pool::{ConnectError, Connector, Dial};
use crate::tls::TlsError;
use crate::wire::Wire;

const TAKE: &str = include_str!("take.lua");
/// How long becoming acquainted may take.
const CONNECT_WAIT: Duration = Duration::from_secs(1);
/// How long an answer may take before the connection is given up.
const ANSWER_WAIT: Duration = Duration::from_millis(500);
/// How long to rest after a failure: at first, and at most.
const REST: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// Where a Redis is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    secure: bool,
    host: String,
    port: u16,
    database: i64,
}

/// What the address of a Redis cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PlaceError {
    #[error("an address is like `rediss://host:6379`, or `redis://127.0.0.1:6379` on this machine")]
    Shape,
    #[error("a password stands in a file that `password_file` names, not in the address")]
    Password,
    #[error("it is not on this machine, and only `rediss://` keeps what is said from others")]
    Open,
    #[error("`rediss://` needs `authorities` that sign its certificate")]
    Authorities,
}

/// Why there is no conversation.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LinkError {
    #[error("its address cannot be used")]
    Place(#[from] PlaceError),
    #[error("its name cannot be resolved")]
    Resolve(#[source] std::io::Error),
    #[error("the file of its password cannot be read")]
    Password(#[source] std::io::Error),
    #[error("the authorities cannot be used")]
    Tls(#[from] TlsError),
    #[error("it cannot be reached")]
    Connect(#[from] ConnectError),
    #[error("it did not answer in time")]
    TimedOut,
    #[error("it cannot be used")]
    Redis(#[from] RedisError),
}

impl Place {
    /// The place of these options.
    pub(crate) fn of(options: &RedisOptions) -> Result<Self, PlaceError> {
        let (scheme, rest) = options.url.split_once("://").ok_or(PlaceError::Shape)?;
        let secure = match scheme {
            "redis" => false,
            "rediss" => true,
            _ => return Err(PlaceError::Shape),
        };
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        if authority.contains('@') {
            return Err(PlaceError::Password);
        }
        let database = if database.is_empty() { Some(0) } else { database.parse().ok() };
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()),
            _ => (authority, Some(6379)),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let (Some(port), Some(database)) = (port, database) else { return Err(PlaceError::Shape) };
        if host.is_empty() || database < 0 || host.contains(['/', '?', '#']) {
            return Err(PlaceError::Shape);
        }
        let here = host == "localhost"
            || host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback());
        match secure {
            false if !here => Err(PlaceError::Open),
            true if options.authorities.is_none() => Err(PlaceError::Authorities),
            _ => Ok(Self { secure, host, port, database }),
        }
    }

    async fn resolve(&self) -> Result<SocketAddr, LinkError> {
        let found = tokio::net::lookup_host((self.host.as_str(), self.port)).await;
        let address = found.map_err(LinkError::Resolve)?.next();
        let address =
            address.ok_or_else(|| LinkError::Resolve(std::io::Error::other("nothing")))?;
        // What a name means may change: what is said in the open stays on this machine.
        if !self.secure && !address.ip().is_loopback() {
            return Err(PlaceError::Open.into());
        }
        Ok(address)
    }
}

/// A conversation with Redis.
struct Talk {
    connection: MultiplexedConnection,
    script: String,
    /// Which life of the server this is.
    run: String,
}

/// Carries asks over for as long as anybody runs it.
pub(crate) async fn serve(link: Arc<Link>, clock: Arc<dyn Clock>) {
    let _down = Down { link: &link, clock: &clock };
    let mut known = String::new();
    let mut rest = REST.0;
    let mut told = false;
    loop {
        let ended = converse(&link, &clock, &mut known, || rest = REST.0).await;
        let was_up = link.is_up();
        link.go_down(clock.running());
        let Err(error) = ended;
        if was_up || !told {
            let source = std::error::Error::source(&error).map(ToString::to_string);
            tracing::warn!(redis = link.name, %error, source, "limits are not shared");
            told = true;
        }
        clock.sleep(rest).await;
        rest = (rest * 2).min(REST.1);
    }
}

/// Whoever waits is not left waiting, however the task ends.
struct Down<'a> {
    link: &'a Link,
    clock: &'a Arc<dyn Clock>,
}

impl Drop for Down<'_> {
    fn drop(&mut self) {
        self.link.go_down(self.clock.running());
    }
}

async fn converse(
    link: &Link,
    clock: &Arc<dyn Clock>,
    known: &mut String,
    mut acquainted: impl FnMut(),
) -> Result<std::convert::Infallible, LinkError> {
    let place = Place::of(&link.options)?;
    let info = info(&link.options, &place)?;
    let connector = connector(&link.options, &place).await?;
    let within = |wait| async move {
        clock.sleep(wait).await;
        LinkError::TimedOut
    };
    let wire = connector.connect(clock).await?;
    let config = AsyncConnectionConfig::new().set_response_timeout(None);
    let joined = MultiplexedConnection::new_with_config(&info, stream(wire)?, config);
    let (connection, driver) = tokio::select! {
        joined = joined => joined?,
        late = within(CONNECT_WAIT) => return Err(late),
    };
    let talking = async {
        let mut talk = tokio::select! {
            talk = Talk::begin(connection) => talk?,
            late = within(CONNECT_WAIT) => return Err(late),
        };
        acquainted();
        link.come_up();
        tracing::info!(redis = link.name, "limits are shared");
        loop {
            link.bell.notified().await;
            loop {
                let asks = link.batch();
                if asks.is_empty() {
                    break;
                }
                carry(link, clock, &mut talk, known, asks).await?;
            }
        }
    };
    tokio::select! {
        ended = talking => ended,
        () = driver => Err(LinkError::TimedOut),
    }
}

/// A connection's two directions.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

fn stream(wire: Wire) -> Result<Box<dyn Stream>, LinkError> {
    match wire {
        Wire::Plain(stream) => Ok(Box::new(stream)),
        Wire::Tls(stream) => Ok(stream),
        Wire::Memory(_) => Err(PlaceError::Shape.into()),
    }
}

fn info(options: &RedisOptions, place: &Place) -> Result<RedisConnectionInfo, LinkError> {
    let mut info = RedisConnectionInfo::default().set_db(place.database).set_skip_set_lib_name();
    if let Some(user) = &options.user {
        info = info.set_username(user);
    }
    if let Some(file) = &options.password_file {
        let password = std::fs::read_to_string(file).map_err(LinkError::Password)?;
        info = info.set_password(password.trim_end_matches(['\r', '\n']));
    }
    Ok(info)
}

async fn connector(options: &RedisOptions, place: &Place) -> Result<Connector, LinkError> {
    let dial = Dial { address: place.resolve().await?, wait: CONNECT_WAIT };
    let Some(authorities) = options.authorities.as_ref().filter(|_| place.secure) else {
        return Ok(Connector::plain(dial));
    };
    let name = ServerName::try_from(place.host.clone()).map_err(|_error| PlaceError::Shape)?;
    Ok(Connector::secure(dial, crate::tls::trusting(authorities)?, name))
}

impl Talk {
    async fn begin(mut connection: MultiplexedConnection) -> Result<Self, LinkError> {
        let told: String = redis::cmd("INFO").arg("server").query_async(&mut connection).await?;
        let run = told.lines().find_map(|line| line.strip_prefix("run_id:"));
        let run = run.unwrap_or("unknown").trim().to_owned();
        let script =
            redis::cmd("SCRIPT").arg("LOAD").arg(TAKE).query_async(&mut connection).await?;
        Ok(Self { connection, script, run })
    }

    async fn take(
        &mut self,
        link: &Link,
        known: &str,
        asks: &[Ask],
    ) -> Result<Vec<RedisResult<(i64, i64, i64, i64)>>, RedisError> {
        let life = format!("{}:life", link.options.prefix);
        let mut pipe = redis::pipe();
        for ask in asks {
            let (back_part, back) = ask.wanted.back;
            let command = pipe.cmd("EVALSHA").arg(&self.script).arg(2).arg(&ask.name).arg(&life);
            command.arg(ask.calls).arg(millis(ask.per)).arg(millis(part(ask.per)));
            command.arg(millis(lease(ask.per))).arg(ask.wanted.calls).arg(back).arg(back_part);
            command.arg(&self.run).arg(known);
        }
        pipe.ignore_errors().query_async(&mut self.connection).await
    }
}

async fn carry(
    link: &Link,
    clock: &Arc<dyn Clock>,
    talk: &mut Talk,
    known: &mut String,
    asks: Vec<Ask>,
) -> Result<(), LinkError> {
    let asked = clock.running();
    let taken = tokio::select! {
        taken = talk.take(link, known, &asks) => taken.map_err(LinkError::Redis),
        () = clock.sleep(ANSWER_WAIT) => Err(LinkError::TimedOut),
    };
    let now = clock.running();
    link.note_carried(asks.len(), taken.is_err());
    let answers = match taken {
        Ok(answers) => answers,
        Err(error) => {
            for ask in asks {
                ask.answer(Answer::None, asked, now);
            }
            return Err(error);
        }
    };
    link.note_prompt(now.saturating_sub(asked) <= link.options.wait);
    let mut forgotten = None;
    let mut answers = answers.into_iter();
    for ask in asks {
        let answer = match answers.next() {
            Some(Ok(answer)) => read(answer),
            Some(Err(error)) => {
                forgotten = Some(error);
                Answer::None
            }
            None => Answer::None,
        };
        ask.answer(answer, asked, now);
    }
    match forgotten {
        // The script is gone, or the server is loading or full: begin anew.
        Some(error) => Err(error.into()),
        None => {
            known.clone_from(&talk.run);
            Ok(())
        }
    }
}

fn read((given, left, more_in, part): (i64, i64, i64, i64)) -> Answer {
    let more_in = Duration::from_millis(u64::try_from(more_in).unwrap_or_default());
    let number = |number| u32::try_from(number).ok();
    match (number(given), number(left)) {
        (Some(calls), Some(left)) => Answer::Given(Given { calls, left, more_in, part }),
        _ if given < 0 => Answer::Lost(more_in),
        _ => Answer::None,
    }
}

/// Whole milliseconds, at least one.
fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1)
}

#[cfg(test)]
mod tests;
