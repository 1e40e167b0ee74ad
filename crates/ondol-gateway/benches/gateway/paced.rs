//! Latency at a rate that leaves room: what the gateway adds to each request.

use std::fs;
use std::io;
use std::process::Command;

use ondol_bench::{Bench, Latencies, Measured};

use crate::Server;

const CONNECTIONS: u32 = 50;
/// On each connection; 5,000 together.
const REQUESTS_A_SECOND: u32 = 100;

pub(crate) fn cases<'a>(
    bench: &mut Bench<'a>,
    backend: &'a Server,
    gateway: &'a Server,
    nginx: &'a Server,
) {
    let seconds = bench.size(4, 1);
    for (name, server) in [("gateway", gateway), ("nginx", nginx)] {
        bench.case(&format!("latency added by {name} at 5000/s, p99")).unit("ms").measure(
            move || {
                let without = paced(backend, seconds)?;
                let with = paced(server, seconds)?;
                Ok::<_, io::Error>(
                    Measured::new((with - without).max(0.0)).also("whole", "ms", with),
                )
            },
        );
    }
}

/// The 99th percentile at the rate, in milliseconds.
fn paced(server: &Server, seconds: u32) -> io::Result<f64> {
    let log = std::env::temp_dir().join(format!("ondol-h2load-{}", std::process::id()));
    // What an earlier run has left is not to be counted again.
    drop(fs::remove_file(&log));
    let output = Command::new("taskset")
        .args(["-c", "1", "h2load", "--h1", "-t1"])
        .args([format!("-c{CONNECTIONS}"), format!("--rps={REQUESTS_A_SECOND}")])
        .args([format!("-D{seconds}"), format!("--log-file={}", log.display())])
        .arg(format!("http://{}/accounts/1", server.address))
        .output()?;
    let text = fs::read_to_string(&log)?;
    fs::remove_file(&log)?;
    let mut latencies = Latencies::new();
    let mut answered = 0;
    for line in text.lines() {
        let mut words = line.split_whitespace();
        let (_, status, micros) = (words.next(), words.next(), words.next());
        let micros = micros.and_then(|micros| micros.parse().ok());
        if let (Some("200"), Some(micros)) = (status, micros) {
            latencies.record(std::time::Duration::from_micros(micros));
            answered += 1;
        }
    }
    if answered < CONNECTIONS * REQUESTS_A_SECOND * seconds / 2 {
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        return Err(io::Error::other(format!("only {answered} answers:\n{said}")));
    }
    Ok(latencies.millis(0.99))
}
