//! Asks a source again and again, for as long as the backend has it.

use std::time::Duration;

use super::dns;
use super::{Instance, file};
use crate::config::DiscoverOptions;
use crate::start::GatewayHandle;

/// After a failure a source is asked again this soon at least.
const AGAIN_MAX: Duration = Duration::from_secs(10);

/// Learns a backend's instances until dropped.
pub(crate) async fn discover(handle: GatewayHandle, backend: String, options: DiscoverOptions) {
    let mut failing = false;
    loop {
        let (found, pause) = ask(&handle, &backend, &options).await;
        match found {
            Ok(Some(instances)) => {
                failing = false;
                handle.learn(&backend, instances);
            }
            Ok(None) => {}
            Err(error) => {
                handle.source_failed();
                if !failing {
                    tracing::warn!(
                        backend,
                        error,
                        "a source of instances fails; the last ones stay"
                    );
                }
                failing = true;
            }
        }
        handle.clock().sleep(pause).await;
    }
}

type Found = Result<Option<Vec<Instance>>, String>;

/// What it says, and when to ask again.
async fn ask(
    handle: &GatewayHandle,
    backend: &str,
    options: &DiscoverOptions,
) -> (Found, Duration) {
    match options {
        DiscoverOptions::File(source) => {
            let found = file::read(&source.path).map(Some);
            (found.map_err(|error| chain(&error)), source.every)
        }
        DiscoverOptions::Dns(source) => match dns::find(source, handle).await {
            Ok((instances, lasting)) => (Ok(some(instances)), lasting.max(source.every)),
            Err(error) => (Err(chain(&error)), source.every.min(AGAIN_MAX)),
        },
        DiscoverOptions::Registration(source) => {
            let (instances, next) = handle.leases().current(backend, source, handle);
            (Ok(Some(instances)), next)
        }
    }
}

fn some(instances: Vec<Instance>) -> Option<Vec<Instance>> {
    (!instances.is_empty()).then_some(instances)
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
