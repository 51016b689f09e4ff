//! `cargo xtask fuzz [TARGET] [--seconds N] [--seed S]`: fuzzes what reads people's files for a while. An input that
//! crashes is kept among the crashers, which every test run tries first.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use teranga_fuzz::{Corpus, Mutator, Target, attempt, keep_crasher};
use teranga_hub::world::now;

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let number = |flag: &str| -> Result<Option<u64>> {
        let Some(at) = arguments.iter().position(|argument| argument == flag) else { return Ok(None) };
        let number = arguments.get(at + 1).and_then(|number| number.parse().ok());
        number.map(Some).with_context(|| format!("{flag} takes a number"))
    };
    let seconds = number("--seconds")?.unwrap_or(60);
    let seed = number("--seed")?.unwrap_or(now().0.unsigned_abs());
    let name = arguments.first().filter(|argument| !argument.starts_with("--"));
    let known = |target: &Target| name.is_none_or(|name| target.name() == name);
    let targets: Vec<Target> = Target::ALL.into_iter().filter(known).collect();
    if targets.is_empty() {
        bail!("the targets are {}", Target::ALL.map(Target::name).join(", "));
    }
    println!("seed {seed}");
    let each = Duration::from_secs(seconds) / u32::try_from(targets.len()).unwrap_or(1);
    let mut crashed = 0;
    for target in targets {
        crashed += fuzz(target, seed, each)?;
    }
    if crashed == 0 {
        Ok(())
    } else {
        bail!("{crashed} inputs crashed; they are kept and every test run tries them")
    }
}

fn fuzz(target: Target, seed: u64, long: Duration) -> Result<usize> {
    let corpus = Corpus::of(target)?;
    let mut mutator = Mutator::new(seed);
    let (begin, mut tried, mut crashed, mut slowest) = (Instant::now(), 0_u64, 0, Duration::ZERO);
    while begin.elapsed() < long {
        let input = mutator.input(&corpus.seeds, target.diet());
        let from = Instant::now();
        if let Some(crash) = attempt(target, &input) {
            let path = keep_crasher(target, &crash.input)?;
            println!("{}: {} ({})", target.name(), crash.message, path.display());
            crashed += 1;
        }
        slowest = slowest.max(from.elapsed());
        tried += 1;
    }
    println!("{}: {tried} inputs, {crashed} crashed, the slowest took {slowest:?}", target.name());
    Ok(crashed)
}
