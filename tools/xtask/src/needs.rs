//! What the tests need from the system, and getting it.
//!
//! A need is one line in [`NEEDS`]. What is missing is installed through Debian's package manager when
//! we may; otherwise one line says what to install. A package must not leave a server running: the
//! tests start their own. What cargo itself builds is a line in [`TOOLS`], and needs nobody's leave.

mod install;
mod look;

pub(crate) use install::provide;
pub(crate) use look::Programs;

/// Something a test starts or calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Need {
    /// For people.
    pub(crate) what: &'static str,
    /// Programs by name, or files with `*` for one part of the path; any of them will do.
    pub(crate) probe: &'static [&'static str],
    /// The Debian package that brings it.
    pub(crate) package: &'static str,
    /// Files that keep the package from starting a server of its own, there only while it is installed.
    pub(crate) quiet: &'static [(&'static str, &'static str)],
}

/// Tells Debian's packages to start nothing of their own.
const START_NOTHING: (&str, &str) = ("/usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n");

/// Everything the tests need.
pub(crate) const NEEDS: &[Need] = &[
    Need {
        what: "PostgreSQL",
        probe: &["/usr/lib/postgresql/*/bin/postgres", "postgres"],
        package: "postgresql",
        quiet: &[(
            "/etc/postgresql-common/createcluster.d/ondol.conf",
            "create_main_cluster = false\n",
        )],
    },
    Need {
        what: "PgBouncer",
        probe: &["/usr/sbin/pgbouncer", "pgbouncer"],
        package: "pgbouncer",
        quiet: &[START_NOTHING],
    },
    Need {
        what: "nginx",
        probe: &["/usr/sbin/nginx", "nginx"],
        package: "nginx-light",
        quiet: &[START_NOTHING],
    },
    Need {
        what: "HAProxy",
        probe: &["/usr/sbin/haproxy", "haproxy"],
        package: "haproxy",
        quiet: &[START_NOTHING],
    },
    Need {
        what: "h2load and nghttp",
        probe: &["/usr/bin/h2load", "h2load"],
        package: "nghttp2-client",
        quiet: &[],
    },
    Need { what: "curl", probe: &["/usr/bin/curl", "curl"], package: "curl", quiet: &[] },
    Need { what: "wrk", probe: &["/usr/bin/wrk", "wrk"], package: "wrk", quiet: &[] },
    Need {
        what: "Chromium",
        probe: &["/usr/bin/chromium", "chromium"],
        package: "chromium",
        quiet: &[],
    },
    Need {
        what: "gRPC for Python",
        probe: &["/usr/lib/python3/dist-packages/grpc/__init__.py"],
        package: "python3-grpcio",
        quiet: &[],
    },
    Need {
        what: "JSON Schema for Python",
        probe: &["/usr/lib/python3/dist-packages/jsonschema/__init__.py"],
        package: "python3-jsonschema",
        quiet: &[],
    },
    Need {
        what: "dnsmasq",
        probe: &["/usr/sbin/dnsmasq", "dnsmasq"],
        package: "dnsmasq-base",
        quiet: &[],
    },
];

/// A subcommand of cargo, built by cargo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tool {
    /// What it is called, as a program.
    pub(crate) program: &'static str,
    /// What builds it: one version, with the dependencies it was released with, unoptimized: it waits
    /// for tests, and is there in a third of the time.
    pub(crate) install: &'static str,
}

/// Every subcommand that the steps call.
pub(crate) const TOOLS: &[Tool] = &[Tool {
    program: "cargo-nextest",
    install: "cargo install --quiet --debug --locked cargo-nextest@0.9.143 --no-default-features --features default-no-update",
}];

/// The needs this system does not meet.
pub(crate) fn missing(needs: &[Need], programs: &Programs) -> Vec<Need> {
    let met = |need: &&Need| need.probe.iter().any(|probe| programs.has(probe));
    needs.iter().filter(|need| !met(need)).copied().collect()
}

#[cfg(test)]
mod tests;
