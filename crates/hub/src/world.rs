//! The real clock and the operating system's randomness. Everything below the shells takes both as arguments.

use teranga_core::id::Entropy;
use teranga_core::time::Millis;

/// The operating system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(clippy::expect_used, reason = "without randomness no key may be made and nothing can go on")]
    fn fill(&mut self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system gives no randomness");
    }
}

/// The time by the machine's clock.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the machine's clock")]
pub fn now() -> Millis {
    let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Millis(i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX))
}
