//! What the tests need from the system, and getting it.
//!
//! A need is one line in [`NEEDS`]. What is missing is installed through Debian's package manager when
//! we may; otherwise one line says what to install. A package must not leave a server running: the
//! tests start their own. What cargo itself builds is a line in [`TOOLS`], and
//! what npm brings a line in [`PACKAGES`]; both need nobody's leave.

mod install;
mod look;

use std::path::Path;

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
        what: "Redis",
        probe: &["/usr/bin/redis-server", "redis-server"],
        package: "redis-server",
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
    Need {
        what: "OpenSSL's command line",
        probe: &["/usr/bin/openssl", "openssl"],
        package: "openssl",
        quiet: &[],
    },
    Need {
        what: "prlimit",
        probe: &["/usr/bin/prlimit", "prlimit"],
        package: "util-linux",
        quiet: &[],
    },
    Need {
        what: "Prometheus and promtool",
        probe: &["/usr/bin/promtool", "promtool"],
        package: "prometheus",
        quiet: &[START_NOTHING],
    },
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
        what: "letters of Korean",
        probe: &["/usr/share/fonts/truetype/nanum/NanumGothic.ttf"],
        package: "fonts-nanum",
        quiet: &[],
    },
    Need {
        what: "a reader of QR codes",
        probe: &["/usr/bin/zbarimg", "zbarimg"],
        package: "zbar-tools",
        quiet: &[],
    },
    Need { what: "Node.js", probe: &["/usr/bin/node", "node"], package: "nodejs", quiet: &[] },
    Need { what: "npm", probe: &["/usr/bin/npm", "npm"], package: "npm", quiet: &[] },
    Need {
        what: "Authlib",
        probe: &["/usr/lib/python3/dist-packages/authlib/__init__.py"],
        package: "python3-authlib",
        quiet: &[],
    },
    Need {
        what: "Requests for Python",
        probe: &["/usr/lib/python3/dist-packages/requests/__init__.py"],
        package: "python3-requests",
        quiet: &[],
    },
    Need {
        what: "a mail server",
        probe: &["/usr/lib/python3/dist-packages/aiosmtpd/__init__.py"],
        package: "python3-aiosmtpd",
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

/// A folder of clients in JavaScript: its lock file names each package with its hash, and no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Packages {
    /// Where `package.json` and `package-lock.json` are, from the root.
    pub(crate) folder: &'static str,
}

/// Every folder of clients in JavaScript.
pub(crate) const PACKAGES: &[Packages] =
    &[Packages { folder: "systems/identity/service/tests/clients" }];

impl Packages {
    /// Installs exactly what the lock file names, and runs nothing that comes along.
    pub(crate) const INSTALL: &str =
        "npm ci --ignore-scripts --no-audit --no-fund --loglevel=error";

    /// Whether everything that the lock file names is there.
    pub(crate) fn are_there(&self, root: &Path) -> bool {
        let read = |file: &str| std::fs::read_to_string(root.join(self.folder).join(file));
        let (Ok(lock), Ok(there)) =
            (read("package-lock.json"), read("node_modules/.package-lock.json"))
        else {
            return false;
        };
        let hashes = |text: &str| -> Vec<String> {
            let lines = text.lines().filter(|line| line.trim_start().starts_with("\"integrity\""));
            lines.map(|line| line.trim().to_owned()).collect()
        };
        let there = hashes(&there);
        hashes(&lock).iter().all(|hash| there.contains(hash))
    }
}

/// The needs this system does not meet.
pub(crate) fn missing(needs: &[Need], programs: &Programs) -> Vec<Need> {
    let met = |need: &&Need| need.probe.iter().any(|probe| programs.has(probe));
    needs.iter().filter(|need| !met(need)).copied().collect()
}

#[cfg(test)]
mod tests;
