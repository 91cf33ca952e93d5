//! Group: a process with all that it starts, which end together.

use std::collections::BTreeSet;
use std::io;
use std::process::{Child, Command};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The groups that run. A program that ends on a signal ends them first.
static RUNNING: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

fn running() -> MutexGuard<'static, BTreeSet<u32>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) struct Group(Child);

impl Group {
    /// Starts a process as the leader of a group of its own, so that signals of the terminal do not reach it.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(command, 0);
        // Held meanwhile, so that no group is missed by `end_commands`.
        let mut running = running();
        let process = command.spawn()?;
        running.insert(process.id());
        Ok(Group(process))
    }

    pub fn process(&mut self) -> &mut Child {
        &mut self.0
    }
}

impl Drop for Group {
    /// Ends the processes that are left.
    fn drop(&mut self) {
        let mut running = running();
        end(self.0.id());
        // Without a group, the process alone.
        let _ = self.0.kill();
        let _ = self.0.wait();
        running.remove(&self.0.id());
    }
}

/// Ends all commands of all children, such as before the program itself ends. No further one can start.
pub fn end_commands() {
    // A thread that holds the lock at this moment starts or ends one process. The lock is kept for ever.
    let running = running();
    running.iter().for_each(|group| end(*group));
    std::mem::forget(running);
}

#[cfg(unix)]
fn end(group: u32) {
    use rustix::process::{Pid, Signal, kill_process_group};

    if let Some(group) = i32::try_from(group).ok().and_then(Pid::from_raw) {
        // It may have ended.
        let _ = kill_process_group(group, Signal::KILL);
    }
}

#[cfg(not(unix))]
fn end(_: u32) {}
