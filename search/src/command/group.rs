//! Group: a process with all that it starts, which end together.

use std::collections::BTreeSet;
use std::io;
use std::process::{Child, Command, ExitStatus};
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

    /// Ends the processes that are left. Returns how the first one ended, or was ended.
    pub fn end(mut self) -> io::Result<ExitStatus> {
        self.finish()
    }

    fn finish(&mut self) -> io::Result<ExitStatus> {
        let mut running = running();
        // Once only: afterwards the number may be another group's.
        if running.remove(&self.0.id()) {
            end(self.0.id());
            // Without a group, the process alone.
            let _ = self.0.kill();
        }
        drop(running);
        self.0.wait()
    }

    /// Whether the first process has ended. It is not waited for yet, so that its number stays the group's.
    #[cfg(unix)]
    pub fn has_ended(&mut self) -> io::Result<bool> {
        use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        Ok(waitid(WaitId::Pid(Pid::from_child(&self.0)), options)?.is_some())
    }

    #[cfg(not(unix))]
    pub fn has_ended(&mut self) -> io::Result<bool> {
        Ok(self.0.try_wait()?.is_some())
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = self.finish();
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
