//! Answers that are given without an upstream: one that is configured, and one that is stored.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::Path;

use ondol_bench::Bench;
use ondol_testkit::servers::free_address;

use crate::{ANSWER, Server, load, start};

/// A gateway whose answers are its own, mostly.
pub(crate) fn answering(folder: &Path, name: &str, text: &str) -> io::Result<Server> {
    let (address, file) = (free_address()?, folder.join(name));
    fs::write(&file, format!("listen = [\"{address}\"]\nworkers = 1\n{text}"))?;
    start("0", &[env!("CARGO_BIN_EXE_ondol-gateway"), "run"], &file, address)
}

/// The answer of the backend, written down in the configuration.
pub(crate) fn fixed() -> String {
    format!("respond = {{ status = 200, body = '{ANSWER}', content_type = \"application/json\" }}")
}

pub(crate) fn cases<'a>(bench: &mut Bench<'a>, folder: &'a Path, to: SocketAddr) {
    let seconds = bench.size(3, 1);
    bench.case("answered without an upstream").unit("requests/s").measure(move || {
        load(&answering(folder, "respond", &format!("[routes.all]\n{}\n", fixed()))?, seconds)
    });
    bench.case("cache hit").unit("requests/s").against("answered without an upstream").measure(
        move || {
            let backend = format!("[backends.b]\nendpoints = [\"http://{to}\"]\n");
            let route = "[routes.all]\nto = \"b\"\ncache = { fresh = \"1h\" }\n";
            load(&answering(folder, "cached", &(backend + route))?, seconds)
        },
    );
}
