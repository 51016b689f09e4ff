//! What the demonstration says at the end: what every tier holds, whether every promise was kept, and the same as JSON.

use comfy_table::CellAlignment;
use serde_json::{Value as Json, json};

use super::count::{Count, Tier};
use super::play::Play;
use crate::field::table;
use crate::messages::Messages;
use crate::say::say;

/// Prints the table of the tiers and the count.
pub(super) fn show(count: &Count, conflicts: usize, play: &Play<'_>, messages: &Messages) {
    let headings = [
        "column-tier",
        "column-cases",
        "column-assessments",
        "column-changes",
        "column-quarantined",
        "column-conflicts",
    ];
    let mut table = table(messages, &headings);
    for tier in &count.tiers {
        table.add_row([
            format!("{}{}", "  ".repeat(tier.depth), named(tier, messages)),
            tier.cases.to_string(),
            tier.assessments.to_string(),
            tier.changes.to_string(),
            tier.quarantined.to_string(),
            tier.conflicts.to_string(),
        ]);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    say!("\n{}\n{table}", messages.text("demo-tiers"));
    let told = [
        ("saved", count.saved.to_string()),
        ("lost", count.lost.to_string()),
        ("diverged", count.diverged.to_string()),
        ("false", count.false_ticks.to_string()),
        ("cuts", play.cuts().to_string()),
        ("again", play.total.packs_again.to_string()),
        ("conflicts", conflicts.to_string()),
    ];
    let told: Vec<(&str, &str)> = told.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let sign = |kept: bool| if kept { "✓" } else { "✗" };
    for (key, sign) in [
        ("demo-counted-lost", sign(count.lost == 0)),
        ("demo-counted-diverged", sign(count.diverged == 0)),
        ("demo-counted-ticks", sign(count.false_ticks == 0)),
        ("demo-counted-links", "·"),
        ("demo-counted-conflicts", "·"),
    ] {
        say!("  {sign} {}", messages.with(key, &told));
    }
    say!("");
}

fn named(tier: &Tier, messages: &Messages) -> String {
    let name = ("name", tier.name.as_str());
    match (tier.depth, &tier.region) {
        (0, _) => messages.with("demo-home", &[name]),
        (_, Some(region)) => messages.with("demo-region", &[name, ("region", region)]),
        (_, None) => tier.name.clone(),
    }
}

/// The count as one line for machines.
pub(super) fn json(count: &Count, conflicts: usize, play: &Play<'_>) -> Json {
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
        "packs_again": play.total.packs_again,
        "bytes_up": play.total.bytes_up,
        "bytes_down": play.total.bytes_down,
        "round_trips": play.total.round_trips,
        "failures": play.total.failures,
    })
}
