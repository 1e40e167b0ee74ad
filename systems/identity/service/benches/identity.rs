//! What signing in costs: a token verified the first time and again, tokens given to clients over
//! HTTP, a wrong password refused to whoever is known and whoever is not, the audit log verified.

#[path = "identity/auditing.rs"]
mod auditing;
#[path = "identity/giving.rs"]
mod giving;
#[path = "identity/house.rs"]
mod house;
#[path = "identity/signing_in.rs"]
mod signing_in;
#[path = "identity/verifying.rs"]
mod verifying;

use ondol_bench::Bench;

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let folder = tempfile::tempdir()?;
    let mut bench = Bench::from_args("identity")?;
    bench.folder(folder.path());
    bench.setting("sync", "fdatasync of the audit log before a token is given");
    let verifying = verifying::Verifying::prepared()?;
    let filled = auditing::filled(folder.path(), &runtime, bench.size(256_000, 2_560))?;
    verifying.cases(&mut bench)?;
    giving::case(&mut bench, &runtime);
    signing_in::case(&mut bench, &runtime);
    auditing::cases(filled, &mut bench);
    bench.run()?;
    Ok(())
}
