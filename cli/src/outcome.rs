//! Outcome: how a command ends, and which exit code says so.

use std::process::ExitCode;

/// What `--help` says of exit codes.
pub const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  some files failed; each is named on standard error, and the others are written
  2  usage: an option, policy, plan or input that cannot be used; nothing is written
  3  a GPU was demanded and there is none";

/// How a command ended that was not refused.
#[derive(Clone, Copy, PartialEq)]
pub enum Outcome {
    Done,
    SomeFailed,
}

/// What failed while running, not because of how the program was called: exit code 1, not 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct RunFailed(pub String);

/// The exit code of a command.
pub fn exit_code(result: &anyhow::Result<Outcome>) -> ExitCode {
    match result {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::SomeFailed) => ExitCode::from(1),
        Err(error) => ExitCode::from(code_of(error)),
    }
}

fn code_of(error: &anyhow::Error) -> u8 {
    match error.downcast_ref::<autoaugment::Error>() {
        Some(autoaugment::Error::NoGpu(_)) => 3,
        _ if error.downcast_ref::<RunFailed>().is_some() => 1,
        _ => 2,
    }
}
