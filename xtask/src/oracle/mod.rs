//! `cargo xtask oracle NAME`: the field's own programs, asked for real. Each says so and passes where what it needs is
//! not at hand.

pub(crate) mod engine;
pub(crate) mod validate;

use anyhow::{Result, bail};

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    match arguments.first().map(String::as_str) {
        Some("validate") => validate::run(),
        Some("engine") => engine::run(arguments.get(1..).unwrap_or_default()),
        _ => bail!("usage: cargo xtask oracle validate | engine [FORM] [--plays N] [--acts N]"),
    }
}
