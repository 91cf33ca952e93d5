//! Outcome: the ways a command ends, and their exit codes.

use std::process::ExitCode;

use autoaugment::{Error, ErrorKind};

/// The part of `--help` about exit codes.
pub const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  some files failed, or the device, memory or a signal ended the run; standard error says so, and the files that
     were written are whole
  2  usage: an option, policy, plan or input is wrong; nothing is written
  3  a GPU was demanded and there is none";

/// The end of a command that ran.
#[derive(Clone, Copy, PartialEq)]
pub enum Outcome {
    Done,
    SomeFailed,
}

/// A failure while the command ran. The call was right, so the exit code is 1 and not 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct RunFailed(pub String);

/// Runs a command. A panic is a mistake in this program, and an error of the run.
pub fn caught(run: impl FnOnce() -> anyhow::Result<Outcome>) -> anyhow::Result<Outcome> {
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
    caught.unwrap_or_else(|_| Err(RunFailed("this is a mistake in the program; please report it".to_string()).into()))
}

/// The exit code of a command.
pub fn exit_code(result: &anyhow::Result<Outcome>) -> ExitCode {
    match result {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::SomeFailed) => ExitCode::from(1),
        Err(error) => ExitCode::from(code_of(error)),
    }
}

fn code_of(error: &anyhow::Error) -> u8 {
    if error.downcast_ref::<RunFailed>().is_some() {
        return 1;
    }
    if let Some(autoaugment_search::Error::NotWritten { .. }) = error.downcast_ref() {
        return 1;
    }
    let Some(mut error) = error.downcast_ref::<Error>() else { return 2 };
    while let Error::At { reason, .. } = error {
        error = reason;
    }
    match (error, error.kind()) {
        (Error::NoGpu(_), _) => 3,
        (_, ErrorKind::Usage | ErrorKind::Unsupported) => 2,
        // Files, the device or its memory, and whatever else a later version of the library tells apart.
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    #[test]
    fn a_code_says_whose_turn_it_is() {
        for (error, code) in [
            (Error::NoGpu("there is none".to_string()), 3),
            (Error::EmptyPolicy, 2),
            (Error::NotFollowed, 2),
            (Error::DeviceLost("unplugged".to_string()), 1),
            (Error::OutOfMemory("256 MiB".to_string()), 1),
            (Error::Decode("cat.png: the file is empty".to_string()), 1),
        ] {
            let words = error.to_string();
            assert_eq!(code_of(&error.clone().into()), code, "{words}");
            assert_eq!(code_of(&Err::<(), _>(error).context("plan.json").unwrap_err()), code, "{words} in a file");
        }
        assert_eq!(code_of(&anyhow::anyhow!("--copies 0")), 2);
        assert_eq!(code_of(&RunFailed("a file could not be written".to_string()).into()), 1);
    }
}
