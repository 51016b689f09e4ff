//! Going on with a record under the latest version of its form: first what becomes of its answers, then, once the
//! person agrees, the interview.

use teranga_client::Device;
use teranga_client::versions::Upgrade;
use teranga_core::form::{Form, Located};
use teranga_core::id::RecordId;
use teranga_core::key::Key;
use teranga_hub::world::SystemEntropy;

use super::{draft, fill, setting, show};
use crate::failure::{self, Outcome};
use crate::messages::Messages;
use crate::say::say;
use crate::terminal::answered_so_far;

/// The draft or the saved record that is meant.
pub(super) fn find(device: &Device, text: &str) -> Outcome<RecordId> {
    draft::find(device, Some(text)).or_else(|_| super::find(device, text))
}

pub(super) fn run(
    device: &mut Device,
    record: RecordId,
    agreed: bool,
    sheet: Option<&fill::Sheet>,
    messages: &Messages,
) -> Outcome {
    let language = messages.language().code();
    let upgrade = device.upgrade_of(record, setting(language, &mut SystemEntropy))?;
    let form = device.form(&upgrade.to.to_string())?;
    preview(&upgrade, &form, messages);
    if !agreed {
        say!("{}", messages.text("upgrade-agree"));
        return Ok(());
    }
    let mut interview = device.upgrade(record, setting(language, &mut SystemEntropy))?;
    if let Some(sheet) = sheet {
        return fill::take(device, interview, sheet, messages);
    }
    let passed = answered_so_far(interview.filling());
    fill::ask(device, &mut interview, passed, messages)
}

fn preview(upgrade: &Upgrade, form: &Form, messages: &Messages) {
    let (from, to) = (upgrade.from.to_string(), upgrade.to.to_string());
    say!("{}", messages.with("upgrade-from", &[("from", &from), ("to", &to)]));
    let label = |key: &Key| {
        let question = form.locate(key).map(Located::question);
        question.map_or_else(|| key.to_string(), |question| show::label(form, question, key, messages))
    };
    for (key, was, is) in &upgrade.read_otherwise {
        let was = was.as_ref().map_or_else(|| "-".to_owned(), show::plain);
        let told = [("question", label(key)), ("was", was), ("is", show::plain(is))];
        let told: Vec<(&str, &str)> = told.iter().map(|(name, value)| (*name, value.as_str())).collect();
        say!("  {}", messages.with("upgrade-reads", &told));
    }
    for kept in &upgrade.kept_aside {
        say!("  {}", messages.with("upgrade-aside", &[("question", &show::was_asked(kept, messages))]));
    }
    for finding in &upgrade.open {
        say!("  {}", failure::told(messages, finding));
    }
}
