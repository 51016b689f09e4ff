//! `cargo xtask wasm`: the same seeded work here and on wasm32, under Node.js, compared byte for byte. What a browser
//! computes is then what an office computes, to the last digit.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use teranga_alike::Told;

use crate::node;

const TARGET: &str = "wasm32-unknown-unknown";
/// The oldest Node.js that is tried: Debian's.
const NODE_LEAST: u32 = 18;
/// What `scripts/wasm-toolchain.sh` builds the library with where rustup cannot fetch it.
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
/// Our own code is compiled as for every test; for what it stands on, building fast counts more than running fast.
const PROFILE: [&str; 2] = ["profile.dev.package.\"*\".opt-level=0", "profile.dev.debug=false"];

pub(crate) fn run() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?;
    if node::version().is_none_or(|version| version < NODE_LEAST) {
        println!("skipped: there is no Node.js {NODE_LEAST} here");
        return Ok(());
    }
    let Some(library) = Library::at_hand(&root) else {
        println!(
            "skipped: Rust's library for {TARGET} is not here; get it by `rustup target add {TARGET}`, or by \
             scripts/wasm-toolchain.sh where rustup cannot fetch it"
        );
        return Ok(());
    };
    let module = library.build(&root)?;
    let output = Command::new("node").arg(root.join("xtask/wasm/run.mjs")).arg(module).output()?;
    if !output.status.success() {
        bail!("the work ends badly on wasm32: {}", String::from_utf8_lossy(&output.stderr));
    }
    let here = teranga_alike::told()?;
    compare(&here.text, &String::from_utf8(output.stdout).context("what wasm32 tells is not text")?)?;
    println!("{}", summary(&here));
    Ok(())
}

/// Where the standard library for wasm32 comes from.
enum Library {
    /// The toolchain in use holds it.
    OfToolchain,
    /// It was built with Debian's rustc, which alone can use it; the linker is that of the toolchain in use.
    OfDebian { sysroot: PathBuf, linker: PathBuf },
}

impl Library {
    fn at_hand(root: &Path) -> Option<Self> {
        let toolchain = PathBuf::from(said(Command::new("rustc").args(["--print", "sysroot"]))?);
        if toolchain.join("lib/rustlib").join(TARGET).is_dir() {
            return Some(Self::OfToolchain);
        }
        let sysroot = root.join("target/wasm/sysroot");
        let built_by = std::fs::read_to_string(sysroot.join("built-by")).ok()?;
        if said(Command::new(DEBIAN_RUSTC).arg("-vV"))? != built_by.trim() {
            return None;
        }
        let host = said(Command::new("rustc").args(["--print", "host-tuple"]))?;
        let linker = toolchain.join("lib/rustlib").join(host).join("bin/rust-lld");
        linker.is_file().then_some(Self::OfDebian { sysroot, linker })
    }

    /// Builds the work for wasm32, in a folder of its own: where it is built by another compiler, nothing of the
    /// ordinary build is thrown away.
    fn build(&self, root: &Path) -> Result<PathBuf> {
        let folder = root.join("target/wasm/build");
        let mut cargo = Command::new("cargo");
        cargo.args(["build", "--quiet", "--locked", "--package", "teranga-alike", "--target", TARGET]);
        cargo.arg("--target-dir").arg(&folder).current_dir(root);
        cargo.args(PROFILE.iter().flat_map(|setting| ["--config", setting]));
        if let Self::OfDebian { sysroot, linker } = self {
            cargo.env("RUSTC", DEBIAN_RUSTC);
            cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
            let flags = format!("--sysroot={}", sysroot.display());
            cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", flags);
        }
        if !cargo.status().context("cargo does not start")?.success() {
            bail!("teranga-alike does not build for {TARGET}");
        }
        Ok(folder.join(TARGET).join("debug/alike.wasm"))
    }
}

/// What a command prints, where it ends well.
fn said(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

/// Fails at the first line that differs, and says of what it is: the last line above it that is not indented.
fn compare(here: &str, there: &str) -> Result<()> {
    if here == there {
        return Ok(());
    }
    let mut of = "the beginning";
    let (mut ours, mut theirs) = (here.lines(), there.lines());
    for number in 1.. {
        let (our, their) = (ours.next(), theirs.next());
        if our != their || our.is_none() {
            let nothing = "(nothing)";
            let (our, their) = (our.unwrap_or(nothing), their.unwrap_or(nothing));
            bail!("line {number} differs, in {of}\n  here:   {our}\n  wasm32: {their}");
        }
        of = our.filter(|line| !line.starts_with(' ')).unwrap_or(of);
    }
    Ok(())
}

fn summary(told: &Told) -> String {
    format!(
        "{} scores with {} contributions, {} sums that do not fit, {} states in {} interviews: {} bytes, the same here \
         and on wasm32",
        told.scores,
        told.contributions,
        told.overflows,
        told.states,
        told.interviews,
        told.text.len()
    )
}
