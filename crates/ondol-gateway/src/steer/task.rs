//! Judges a canary again and again.

use ondol_resilience::Mode;

use super::canary::{Found, Stage};
use crate::config::CanaryOptions;
use crate::start::GatewayHandle;

/// Judges the canary of a route until dropped.
pub(crate) async fn watch(handle: GatewayHandle, route: String, options: CanaryOptions) {
    loop {
        handle.clock().sleep(options.every).await;
        let Some(canary) = handle.canary(&route) else { return };
        if options.mode == Mode::Off || canary.progress().stage != Stage::Walking {
            canary.forget();
            continue;
        }
        let acts = options.mode == Mode::Enforce;
        let at_micros = handle.clock().now().as_micros();
        let before = canary.share();
        let (found, moved) = canary.judge(&options, at_micros, acts);
        if !moved {
            if found != Found::Good {
                tracing::warn!(%route, %found, share = before, "a canary does not move");
            }
            continue;
        }
        handle.steering().moved();
        let (share, stage) = (canary.share(), canary.progress().stage);
        if stage == Stage::RolledBack {
            tracing::error!(%route, %found, from = before, "a canary is rolled back");
        } else if share != before || stage == Stage::Promoted {
            tracing::info!(%route, %found, from = before, to = share, stage = stage.name(), "a canary moves");
        }
    }
}
