//! Answers that are given without an upstream: one that is configured, and one that is stored.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::Path;

use ondol_bench::Bench;
use ondol_testkit::servers::free_address;

use crate::{ANSWER, Server, load, start};

pub(crate) fn cases<'a>(bench: &mut Bench<'a>, folder: &'a Path, to: SocketAddr) {
    let seconds = bench.size(3, 1);
    bench.case("answered without an upstream").unit("requests/s").measure(move || {
        let route = format!(
            "respond = {{ status = 200, body = '{ANSWER}', content_type = \"application/json\" }}"
        );
        load(&server(folder, "respond", &route, to)?, seconds)
    });
    bench.case("cache hit").unit("requests/s").against("answered without an upstream").measure(
        move || {
            let route = "to = \"b\"\ncache = { fresh = \"1h\" }";
            load(&server(folder, "cached", route, to)?, seconds)
        },
    );
}

fn server(folder: &Path, name: &str, route: &str, to: SocketAddr) -> io::Result<Server> {
    let (address, file) = (free_address()?, folder.join(name));
    fs::write(
        &file,
        format!(
            "listen = [\"{address}\"]\nworkers = 1\n[backends.b]\nendpoints = [\"http://{to}\"]\n\
             [routes.all]\n{route}\n"
        ),
    )?;
    start("0", &[env!("CARGO_BIN_EXE_ondol-gateway"), "run"], &file, address)
}
