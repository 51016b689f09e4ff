//! `teranga`: the command. It parses, calls one thing, and says in the user's language what came of it: exit status 0
//! when it was done, 1 when it was not, 2 for wrong usage.

// Lines go out through `say`, which does not panic where nobody reads; what still prints by itself says so here.
#![warn(clippy::print_stdout, clippy::print_stderr)]

mod badge;
mod budget;
mod cli;
mod demo;
mod door;
mod enrolment;
mod failure;
mod field;
mod form_command;
mod hub_command;
mod kind;
mod language;
mod ledger;
mod messages;
mod parcel_file;
mod pull;
mod say;
mod size;
mod terminal;
mod usage;
mod verify;

use std::process::ExitCode;

use crate::cli::Command;
use crate::failure::Outcome;
use crate::language::Language;
use crate::messages::Messages;

/// What a hub takes in comes in small pieces: with this one it does a quarter more than with the system's.
#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // An argument that is not UTF-8 may still be a path; for the language alone its exact bytes do not matter.
    let arguments: Vec<String> =
        std::env::args_os().map(|argument| argument.to_string_lossy().into_owned()).collect();
    let language = Language::of_process(&arguments);
    say::speak(language);
    let messages = Messages::new(language);
    let command = match cli::parse(&messages) {
        Ok(command) => command,
        Err(error) => {
            let told = usage::told(&error, &messages);
            if error.use_stderr() {
                say::aloud(&told);
            } else {
                say::line(format_args!("{told}"));
            }
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    log_to_stderr();
    // One provider of TLS for the whole process; a second installation would be refused and changes nothing.
    drop(rustls::crypto::ring::default_provider().install_default());
    let done = tokio::runtime::Runtime::new()
        .map_err(|error| failure::file(std::path::Path::new("."), &error))
        .and_then(|runtime| runtime.block_on(run(command, &messages)));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say::aloud(&failure.message(&messages));
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command, messages: &Messages) -> Outcome {
    match command {
        Command::Demo(arguments) => demo::run(arguments, messages).await,
        Command::Hub(arguments) => hub_command::run(*arguments, messages).await,
        Command::Field(arguments) => field::run(arguments, messages).await,
        Command::Form(arguments) => form_command::run(arguments, messages),
        Command::Pull(arguments) => pull::run(arguments, messages).await,
        Command::Verify(arguments) => verify::run(&arguments, messages),
    }
}

/// Warnings and above, or what `TERANGA_LOG` says. No log line of this program carries an answer, a name or a secret.
fn log_to_stderr() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("TERANGA_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
