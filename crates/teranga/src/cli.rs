//! The command line, with its help in the user's language: the texts stand in the catalogue, not here.

use std::ffi::OsString;

use clap::{Arg, ArgAction, Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::demo::DemoArgs;
use crate::field::FieldArgs;
use crate::form_command::FormArgs;
use crate::hub_command::HubArgs;
use crate::language::Language;
use crate::messages::Messages;
use crate::pull::PullArgs;
use crate::verify::VerifyArgs;

#[derive(Debug, Parser)]
#[command(name = "teranga", version, disable_help_subcommand = true, disable_version_flag = true)]
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
    #[arg(short = 'V', long, action = ArgAction::Version)]
    version: Option<bool>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Demo(DemoArgs),
    Hub(Box<HubArgs>),
    Field(FieldArgs),
    Form(FormArgs),
    Pull(PullArgs),
    Verify(VerifyArgs),
}

/// Parses the process's command line.
pub(crate) fn parse(messages: &Messages) -> Result<Command, clap::Error> {
    parse_from(std::env::args_os(), messages)
}

/// Parses these arguments, the program's name first.
pub(crate) fn parse_from<T: Into<OsString> + Clone>(
    arguments: impl IntoIterator<Item = T>,
    messages: &Messages,
) -> Result<Command, clap::Error> {
    let matches = command(messages).try_get_matches_from(arguments)?;
    Ok(Cli::from_arg_matches(&matches)?.command)
}

fn command(messages: &Messages) -> clap::Command {
    localise(Cli::command(), "teranga", messages)
}

/// Puts the catalogue's words on a command, its arguments and all below it.
fn localise(command: clap::Command, path: &str, messages: &Messages) -> clap::Command {
    let about = messages.text(&format!("help-{path}"));
    // Clap's own template, its words taken from the catalogue.
    let template = format!("{{about-with-newline}}\n{} {{usage}}\n\n{{all-args}}", messages.text("usage"));
    let help = Arg::new("help").short('h').long("help").action(ArgAction::Help);
    let mut command = command
        .about(about)
        .help_template(template)
        .subcommand_help_heading(messages.text("usage-commands"))
        .subcommand_value_name(messages.text("usage-command"))
        .disable_help_flag(true)
        .arg(help)
        .mut_args(|argument| explain(argument, messages));
    let names: Vec<String> = command.get_subcommands().map(|below| below.get_name().to_owned()).collect();
    for name in names {
        let below = format!("{path}-{name}");
        command = command.mut_subcommand(name, |command| localise(command, &below, messages));
    }
    command
}

/// Puts the catalogue's words on an argument: what it is, what it is when it is not given, where else it is read.
fn explain(argument: Arg, messages: &Messages) -> Arg {
    let key = format!("arg-{}", argument.get_id().as_str().replace('_', "-"));
    let mut help = messages.text(&key);
    let heading = if argument.is_positional() { "usage-arguments" } else { "usage-options" };
    let argument = argument.help_heading(messages.text(heading));
    if !argument.get_action().takes_values() {
        return argument.help(help);
    }
    let default: Vec<_> = argument.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    if !default.is_empty() {
        help += &messages.with("arg-default", &[("value", &default.join(","))]);
    }
    if let Some(name) = argument.get_env() {
        help += &messages.with("arg-env", &[("value", &name.to_string_lossy())]);
    }
    argument.help(help).hide_default_value(true).hide_possible_values(true).hide_env(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(command: &clap::Command, path: &str, messages: &Messages) {
        assert!(messages.has(&format!("help-{path}")), "help-{path} in {:?}", messages.language());
        for argument in command.get_arguments() {
            let id = argument.get_id().as_str();
            let key = format!("arg-{}", id.replace('_', "-"));
            assert!(messages.has(&key), "{key} in {:?}", messages.language());
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
