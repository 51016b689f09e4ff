//! `teranga demo`: the whole system on one machine. Headquarters and two regional hubs run as processes of their own;
//! volunteers with their own replicas fill invented interviews offline, edit the same answers apart, sync over links
//! that cut, and the regions relay at night. At the end every tier is counted and held to the ledgers.

mod count;
mod play;
mod stage;

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use self::count::Count;
use self::play::Play;
use self::stage::Stage;
use crate::failure::{Failure, Outcome};
use crate::field::table;
use crate::messages::Messages;

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=200))]
    volunteers: u16,
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    cases: u32,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[arg(long)]
    once: bool,
    #[arg(long)]
    json: bool,
    #[arg(long)]
    dir: Option<PathBuf>,
}

pub(crate) async fn run(arguments: DemoArgs, messages: &Messages) -> Outcome {
    let folder = folder(&arguments)?;
    println!("{}", messages.with("demo-folder", &[("path", &folder.display().to_string())]));
    let stage = Stage::open(&folder, messages).await?;
    let mut play = Play::new(&stage, arguments.volunteers, arguments.seed, messages).await?;
    play.offline_work(arguments.cases)?;
    play.sync_all().await?;
    play.relay().await?;
    play.sync_all().await?;
    play.edit_apart()?;
    play.sync_all().await?;
    play.relay().await?;
    play.sync_all().await?;
    let conflicts = play.conflicts_at_home().await?;
    play.settle_half()?;
    play.sync_all().await?;
    play.relay().await?;
    play.sync_all().await?;
    let count = count::count(&play).await?;
    show(&count, conflicts, messages);
    pull(&stage, messages).await?;
    let done = count.lost == 0 && count.diverged == 0;
    if arguments.json {
        println!("{}", summary(&count, conflicts, &play));
    }
    if !arguments.once {
        drop(play);
        stage.leave_running(messages).await?;
    }
    if done { Ok(()) } else { Err(Failure::new("demo-broken", Vec::new())) }
}

fn folder(arguments: &DemoArgs) -> Outcome<PathBuf> {
    let folder = arguments.dir.clone().unwrap_or_else(|| {
        std::env::temp_dir().join(format!("teranga-demo-{}-{}", arguments.seed, std::process::id()))
    });
    std::fs::create_dir_all(&folder).map_err(|error| crate::failure::file(&folder, &error))?;
    let empty = std::fs::read_dir(&folder).is_ok_and(|mut entries| entries.next().is_none());
    if empty {
        Ok(folder)
    } else {
        Err(Failure::new("demo-folder", vec![("path", folder.display().to_string())]))
    }
}

fn show(count: &Count, conflicts: usize, messages: &Messages) {
    let mut table = table(
        messages,
        &[
            "column-tier",
            "column-cases",
            "column-assessments",
            "column-changes",
            "column-quarantined",
            "column-conflicts",
        ],
    );
    for tier in &count.tiers {
        table.add_row([
            tier.name.clone(),
            tier.cases.to_string(),
            tier.assessments.to_string(),
            tier.changes.to_string(),
            tier.quarantined.to_string(),
            tier.conflicts.to_string(),
        ]);
    }
    println!("{table}");
    let told = [
        ("conflicts", conflicts.to_string()),
        ("saved", count.saved.to_string()),
        ("lost", count.lost.to_string()),
        ("diverged", count.diverged.to_string()),
    ];
    let told: Vec<(&str, &str)> = told.iter().map(|(name, value)| (*name, value.as_str())).collect();
    println!("{}", messages.with("demo-counted", &told));
}

async fn pull(stage: &Stage, messages: &Messages) -> Outcome {
    let token = stage.pull_token().await?;
    let arguments = crate::pull::PullArgs::new(stage.home_url(), stage.folder().join("pull"), token);
    crate::pull::run(arguments, messages).await
}

fn summary(count: &Count, conflicts: usize, play: &Play<'_>) -> serde_json::Value {
    let home = count.tiers.first();
    json!({
        "cases": home.map(|home| home.cases),
        "assessments": home.map(|home| home.assessments),
        "changes": home.map(|home| home.changes),
        "conflicts": conflicts,
        "saved": count.saved,
        "lost": count.lost,
        "diverged": count.diverged,
        "false_ticks": count.false_ticks,
        "cuts": play.cuts(),
        "bytes_up": play.total.bytes_up,
        "bytes_down": play.total.bytes_down,
        "round_trips": play.total.round_trips,
        "failures": play.total.failures,
    })
}
