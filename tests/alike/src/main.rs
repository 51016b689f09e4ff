//! The work as a program: natively it prints what was computed; as WebAssembly it hands it out byte by byte.
//!
//! wasm32-unknown-unknown has no standard output, and a function of our own that JavaScript can call would need
//! `unsafe` to be exported. What Rust exports by itself is `main`, whose exit status is one byte: called again and
//! again it gives the text, and 0 where the text ends.

use std::process::ExitCode;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

static TEXT: OnceLock<String> = OnceLock::new();
static NEXT: AtomicUsize = AtomicUsize::new(0);

fn main() -> ExitCode {
    let text = TEXT.get_or_init(|| match teranga_alike::told() {
        Ok(told) => told.text,
        Err(error) => format!("{error:#}\n"),
    });
    if cfg!(target_family = "wasm") {
        let at = NEXT.fetch_add(1, Ordering::Relaxed);
        return ExitCode::from(text.as_bytes().get(at).copied().unwrap_or(0));
    }
    print!("{text}");
    ExitCode::SUCCESS
}
