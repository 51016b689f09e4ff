//! The terminal of an interview: how a question is shown, and what is typed below it.

use std::io::{BufRead as _, Write as _};

use teranga_core::answers::render;
use teranga_core::flow::{Filling, Prompt, Shown};

use crate::failure::{self, Outcome};
use crate::messages::Messages;
use crate::say::say;

/// What the person at the terminal wants.
pub(super) enum Typed {
    Answer(String),
    Clear,
    DontKnow,
    Declined,
    Back,
    Language,
    Leave,
    End,
}

/// Shows a question with its choices and the answer that stands.
pub(super) fn show(filling: &Filling, prompt: &Prompt<'_>, messages: &Messages) {
    say!("\n{}{}", prompt.label, if prompt.required { " *" } else { "" });
    if !prompt.hint.is_empty() {
        say!("  ({})", prompt.hint);
    }
    for (choice, number) in prompt.choices.iter().zip(1..) {
        let label = choice.label.as_ref().map_or(choice.name.as_str(), |label| label.get("", ""));
        say!("  {number}. {label}");
    }
    let standing = match &prompt.state {
        Shown::Answered(value) => render(prompt.question, &prompt.choices, value, filling.language()),
        Shown::DontKnow | Shown::Declined | Shown::Hidden => {
            messages.text(&format!("state-{}", prompt.state.code().replace('_', "-")))
        }
        Shown::NotAsked | Shown::Skipped => return,
    };
    say!("  [{standing}]");
}

/// Reads a line.
pub(super) fn read(messages: &Messages) -> Outcome<Typed> {
    loop {
        let terminal = std::path::Path::new("terminal");
        let mut out = std::io::stdout();
        write!(out, "> ").and_then(|()| out.flush()).map_err(|error| failure::file(terminal, &error))?;
        let mut line = String::new();
        let read =
            std::io::stdin().lock().read_line(&mut line).map_err(|error| failure::file(terminal, &error))?;
        if read == 0 {
            return Ok(Typed::End);
        }
        return Ok(match line.trim() {
            ":nsp" | ":dk" => Typed::DontKnow,
            ":refus" | ":declined" => Typed::Declined,
            ":vide" | ":clear" => Typed::Clear,
            "<" => Typed::Back,
            ":lang" => Typed::Language,
            ":q" => Typed::Leave,
            ":?" => {
                say!("{}", messages.text("fill-keys"));
                continue;
            }
            text => Typed::Answer(text.to_owned()),
        });
    }
}
