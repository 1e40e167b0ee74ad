//! Instances from the domain name system.
//!
//! A client of our own, because what is needed is small and the system's does not know services
//! (SRV), times to live, or which server to ask. It asks one recursive server over UDP, and over TCP
//! what does not fit.

mod ask;
mod message;

use std::net::SocketAddr;
use std::time::Duration;

use super::Instance;
use crate::config::{DnsSource, Records};
use crate::start::GatewayHandle;

pub(super) use ask::AskError;
use ask::ask;
use message::{Answer, Kind};

/// Where the system says which server to ask.
const RESOLV_CONF: &str = "/etc/resolv.conf";

/// The instances behind a name, and for how long that is true.
pub(super) async fn find(
    source: &DnsSource,
    handle: &GatewayHandle,
) -> Result<(Vec<Instance>, Duration), AskError> {
    let server = source.server.or_else(system_server).ok_or(AskError::NoServer)?;
    match source.records {
        Records::A => addresses(source, server, Kind::A, handle).await,
        Records::Aaaa => addresses(source, server, Kind::Aaaa, handle).await,
        Records::Srv => services(source, server, handle).await,
    }
}

async fn addresses(
    source: &DnsSource,
    server: SocketAddr,
    kind: Kind,
    handle: &GatewayHandle,
) -> Result<(Vec<Instance>, Duration), AskError> {
    let answer = ask(server, &source.name, kind, handle).await?;
    let port = source.port.unwrap_or(if source.secure { 443 } else { 80 });
    let lasting = answer.lasting;
    let mut instances: Vec<_> = answer
        .addresses(&source.name)
        .map(|ip| instance(source, &source.name, SocketAddr::new(ip, port), 1))
        .collect();
    sort(&mut instances);
    Ok((instances, lasting))
}

/// Each service's host may have several addresses, which often come along.
async fn services(
    source: &DnsSource,
    server: SocketAddr,
    handle: &GatewayHandle,
) -> Result<(Vec<Instance>, Duration), AskError> {
    let answer = ask(server, &source.name, Kind::Srv, handle).await?;
    let mut lasting = answer.lasting;
    let mut instances = Vec::new();
    for service in best(&answer, &source.name) {
        let host = service.target.as_str();
        let mut found: Vec<_> = answer.addresses(host).collect();
        if found.is_empty() {
            let more = ask(server, host, Kind::A, handle).await?;
            lasting = lasting.min(more.lasting);
            found = more.addresses(host).collect();
        }
        let weight = u32::from(service.weight).clamp(1, 10_000);
        instances.extend(
            found
                .into_iter()
                .map(|ip| instance(source, host, SocketAddr::new(ip, service.port), weight)),
        );
    }
    sort(&mut instances);
    Ok((instances, lasting))
}

/// The services of the best priority.
fn best<'a>(answer: &'a Answer, name: &str) -> Vec<&'a message::Service> {
    let all: Vec<_> = answer.services(name).collect();
    let best = all.iter().map(|service| service.priority).min();
    all.into_iter().filter(|service| Some(service.priority) == best).collect()
}

fn instance(source: &DnsSource, host: &str, address: SocketAddr, weight: u32) -> Instance {
    let scheme = if source.secure { "https" } else { "http" };
    let at = format!("{scheme}://{}:{}", host.trim_end_matches('.'), address.port());
    Instance { at, address: Some(address), weight, zone: None, id: None }
}

/// Servers turn their answers round; that is no news.
fn sort(instances: &mut Vec<Instance>) {
    instances.sort_by_key(|instance| instance.address);
    instances.dedup_by(|one, other| one.address == other.address);
}

fn system_server() -> Option<SocketAddr> {
    let text = std::fs::read_to_string(RESOLV_CONF).ok()?;
    let mut servers = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        (words.next()? == "nameserver").then(|| words.next()?.parse().ok()).flatten()
    });
    Some(SocketAddr::new(servers.next()?, 53))
}
