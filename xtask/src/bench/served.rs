//! A hub that serves as it always does, in a process of its own, so that what the system says of it is of it alone: memory that
//! is resident now and that ever was at most, and the time that its processors worked.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

use super::ingest;

/// Why nothing can be measured here, where nothing can.
pub(super) fn cannot_be_told() -> Option<String> {
    let told = Path::new("/proc/self/status").exists();
    (!told).then(|| "there is no /proc here that says how much memory a process has".to_owned())
}

/// Serves until whoever started this lets go: the other end of what [`Served::start`] starts.
pub(super) fn serve(data: &Path) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    println!("{}", ingest::serve(&runtime, data)?);
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink())?;
    Ok(())
}

/// A hub in a process of its own.
pub(super) struct Served {
    process: Child,
    pub(super) address: SocketAddr,
}

impl Served {
    pub(super) fn start(data: &Path) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["bench", "serve"]).arg(data).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn()?;
        let told = process.stdout.take().context("the hub's output is read")?;
        let mut line = String::new();
        BufReader::new(told).read_line(&mut line)?;
        let address = line.trim().parse().context("the hub does not start")?;
        Ok(Self { process, address })
    }

    /// What the system says of its memory under this name, in megabytes.
    pub(super) fn megabytes(&self, name: &str) -> Result<f64> {
        in_megabytes(&self.told("status")?, name).with_context(|| format!("no {name}"))
    }

    /// How long processors worked for it so far, in milliseconds.
    pub(super) fn worked_ms(&self) -> Result<u64> {
        in_milliseconds(&self.told("stat")?).context("no processor's time")
    }

    fn told(&self, name: &str) -> Result<String> {
        let path = PathBuf::from(format!("/proc/{}/{name}", self.process.id()));
        Ok(std::fs::read_to_string(path)?)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        drop(self.process.wait());
    }
}

/// A number of kibibytes, to a tenth of a megabyte.
fn in_megabytes(status: &str, name: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some((kibibytes * 1_024.0 / 100_000.0).round() / 10.0)
}

/// The twelfth and thirteenth number behind the name, which may hold spaces: hundredths of a second, of the process and of the
/// system for it.
fn in_milliseconds(stat: &str) -> Option<u64> {
    let (_, numbers) = stat.rsplit_once(')')?;
    let of = |place: usize| numbers.split_whitespace().nth(place)?.parse::<u64>().ok();
    Some((of(11)? + of(12)?) * 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_from_what_the_system_says() {
        let status = "Name:\thub\nVmHWM:\t  150000 kB\nVmRSS:\t   29297 kB\n";
        assert_eq!(in_megabytes(status, "VmHWM"), Some(153.6));
        assert_eq!(in_megabytes(status, "VmRSS"), Some(30.0));
        assert_eq!(in_megabytes(status, "VmSwap"), None);
    }

    #[test]
    fn so_is_the_time_that_was_worked() {
        let stat = "7 (a (hub) of) S 1 7 7 0 -1 4194304 900 0 0 0 31 12 0 0 20 0 3 0 100 1 2";
        assert_eq!(in_milliseconds(stat), Some(430));
        assert_eq!(in_milliseconds("7 (hub) S 1"), None);
    }
}
