//! Python: the installed Pillow, if there is one that the tests can compare with.

use std::ffi::OsStr;
use std::process::Command;

use super::{repository, say};

/// A Python that has Pillow 13 and NumPy.
pub struct Python {
    program: String,
    /// Its versions as JSON.
    pub versions: String,
}

impl Python {
    /// The Python that `AUTOAUGMENT_PYTHON` names, else `python3`; the reason if it has no Pillow 13.
    pub fn find() -> Result<Self, String> {
        let program = std::env::var("AUTOAUGMENT_PYTHON").unwrap_or_else(|_| "python3".to_string());
        let script = repository().join("tests/pillow/reference.py");
        let output = Command::new(&program).arg(script).output().map_err(|e| format!("{program}: {e}"))?;
        let message = String::from_utf8_lossy(&output.stderr).trim().to_string();
        match output.status.code() {
            Some(0) => Ok(Python { program, versions: String::from_utf8_lossy(&output.stdout).trim().to_string() }),
            Some(2) => Err(message),
            // Anything else is a fault of the script, not a missing package.
            _ => panic!("{program} tests/pillow/reference.py failed\n{message}"),
        }
    }

    /// The same for a test that is nothing without it: says that `test` is skipped, or panics if
    /// `AUTOAUGMENT_REQUIRE_PILLOW=1`.
    pub fn find_for(test: &str) -> Option<Self> {
        match Python::find() {
            Ok(python) => Some(python),
            Err(reason) => {
                let required = std::env::var("AUTOAUGMENT_REQUIRE_PILLOW").is_ok_and(|v| v == "1");
                assert!(!required, "AUTOAUGMENT_REQUIRE_PILLOW=1, and {reason}");
                say(&format!("SKIPPED {test}: {reason}"));
                None
            }
        }
    }

    /// A Python that has torchvision and timm besides, which `AUTOAUGMENT_PEERS_PYTHON` names; says that `test` is
    /// skipped if it does not.
    pub fn with_frameworks(test: &str) -> Option<Self> {
        let Ok(program) = std::env::var("AUTOAUGMENT_PEERS_PYTHON") else {
            say(&format!("SKIPPED {test}: AUTOAUGMENT_PEERS_PYTHON names no Python that has them"));
            return None;
        };
        Some(Python { program, versions: String::new() })
    }

    /// Runs a script of `tests/pillow`, or another by its whole path.
    ///
    /// # Panics
    /// If the script fails, with what it wrote to standard error.
    pub fn run<S: AsRef<OsStr>>(&self, script: &str, arguments: impl IntoIterator<Item = S>) {
        let path = repository().join("tests/pillow").join(script);
        let output = Command::new(&self.program).arg(&path).args(arguments).output();
        let output = output.unwrap_or_else(|e| panic!("{}: {e}", self.program));
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{} {}: {}\n{message}", self.program, path.display(), output.status);
    }
}
