//! The command line, with its help in the user's language: the texts stand in the catalogue, not here.

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::demo::DemoArgs;
use crate::field::FieldArgs;
use crate::form_command::FormArgs;
use crate::hub_command::HubArgs;
use crate::language::Language;
use crate::messages::Messages;
use crate::pull::PullArgs;

#[derive(Debug, Parser)]
#[command(name = "teranga", version, disable_help_subcommand = true)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Args)]
struct Global {
    #[arg(long, global = true, value_enum)]
    lang: Option<Language>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Demo(DemoArgs),
    Hub(Box<HubArgs>),
    Field(FieldArgs),
    Form(FormArgs),
    Pull(PullArgs),
}

/// Parses the process's command line.
pub(crate) fn parse(messages: &Messages) -> Result<Command, clap::Error> {
    let matches = command(messages).try_get_matches()?;
    Ok(Cli::from_arg_matches(&matches)?.command)
}

fn command(messages: &Messages) -> clap::Command {
    localise(Cli::command(), "teranga", messages)
}

/// Puts the catalogue's words on a command, its arguments and all below it.
fn localise(command: clap::Command, path: &str, messages: &Messages) -> clap::Command {
    let about = messages.text(&format!("help-{path}"));
    let mut command = command.about(about).mut_args(|argument| {
        let key = format!("arg-{}", argument.get_id().as_str().replace('_', "-"));
        if messages.has(&key) { argument.help(messages.text(&key)) } else { argument }
    });
    let names: Vec<String> = command.get_subcommands().map(|below| below.get_name().to_owned()).collect();
    for name in names {
        let below = format!("{path}-{name}");
        command = command.mut_subcommand(name, |command| localise(command, &below, messages));
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(command: &clap::Command, path: &str, messages: &Messages) {
        assert!(messages.has(&format!("help-{path}")), "help-{path} in {:?}", messages.language());
        for argument in command.get_arguments() {
            let id = argument.get_id().as_str();
            let key = format!("arg-{}", id.replace('_', "-"));
            assert!(
                matches!(id, "help" | "version") || messages.has(&key),
                "{key} in {:?}",
                messages.language()
            );
        }
        for below in command.get_subcommands() {
            check(below, &format!("{path}-{}", below.get_name()), messages);
        }
    }

    #[test]
    fn every_command_and_argument_is_explained_in_both_languages() {
        Cli::command().debug_assert();
        for language in Language::ALL {
            let messages = Messages::new(language);
            check(&Cli::command(), "teranga", &messages);
        }
    }
}
