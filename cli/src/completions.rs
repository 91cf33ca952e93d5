//! `completions`: a shell's completion script.

use clap::{Args, Command};
use clap_complete::Shell;

use crate::outcome::Outcome;
use crate::terminal;

#[derive(Args)]
pub struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub fn run(self, mut command: Command) -> anyhow::Result<Outcome> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, "autoaugment", &mut script);
        terminal::data(String::from_utf8(script)?.trim_end())?;
        Ok(Outcome::Done)
    }
}
