//! Everything that can be asked of the provider, rightly and wrongly: the rows O1 to O21 and A1 to A4
//! of the attacks, over the routes as they are served.

#[path = "flows/accounts.rs"]
mod accounts;
#[path = "flows/browser.rs"]
mod browser;
#[path = "flows/codes.rs"]
mod codes;
#[path = "flows/devices.rs"]
mod devices;
#[path = "flows/factors.rs"]
mod factors;
#[path = "flows/hashing.rs"]
mod hashing;
#[path = "flows/house.rs"]
mod house;
#[path = "flows/leaving.rs"]
mod leaving;
#[path = "flows/named.rs"]
mod named;
#[path = "flows/processes.rs"]
mod processes;
#[path = "flows/requests.rs"]
mod requests;
#[path = "flows/rights.rs"]
mod rights;
#[path = "flows/settings.rs"]
mod settings;
#[path = "flows/timing.rs"]
mod timing;
#[path = "factor/totp.rs"]
mod totp;
#[path = "flows/written.rs"]
mod written;
