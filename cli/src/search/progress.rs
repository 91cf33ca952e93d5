//! Progress: a search as one moving line on a terminal, and as some lines elsewhere.

use std::time::{Duration, Instant};

use autoaugment_search::{Error, Search};
use indicatif::ProgressBar;

use crate::terminal::Terminal;

/// The newest rewards, whose mean is shown.
const LAST: usize = 20;

/// On a terminal the line is new so often, and elsewhere there is another one.
const MOMENT: Duration = Duration::from_millis(200);
const PAUSE: Duration = Duration::from_secs(30);

pub struct Progress {
    terminal: Terminal,
    bar: ProgressBar,
    begin: Instant,
    /// The children that were done at the beginning.
    before: usize,
    printed: Instant,
    /// Children of the whole search.
    all: usize,
    until: Option<Instant>,
    failed: usize,
}

impl Progress {
    pub fn new(terminal: Terminal, search: &Search, all: usize, until: Option<Instant>) -> Self {
        let bar = terminal.status(all);
        let now = Instant::now();
        let before = search.done();
        let progress = Progress { terminal, bar, begin: now, before, printed: now, all, until, failed: 0 };
        progress.bar.set_position(before as u64);
        progress
    }

    /// A child is done.
    pub fn child(&mut self, search: &Search, error: Option<&Error>) {
        if let Some(error) = error {
            self.failed += 1;
            // Their number is said at the end.
            if self.failed <= 3 {
                self.bar.suspend(|| self.terminal.note(&format!("warning: a child failed: {error}")));
            }
        }
        self.bar.set_position(search.done() as u64);
        let pause = if self.bar.is_hidden() { PAUSE } else { MOMENT };
        // The line looks at all children, and quick ones are many.
        if self.printed.elapsed() < pause {
            return;
        }
        self.printed = Instant::now();
        let line = self.line(search);
        if self.bar.is_hidden() {
            self.terminal.note(&format!("{}/{} {line}", search.done(), self.all));
        }
        self.bar.set_message(line);
    }

    /// The best, the mean of the last, the entropy, and the time that is left.
    fn line(&self, search: &Search) -> String {
        let last: Vec<f64> = search.jobs().iter().rev().filter_map(|job| search.reward_of(job)).take(LAST).collect();
        let mut parts = Vec::new();
        if let Some((_, best)) = search.best(1).first() {
            let mean = last.iter().sum::<f64>() / last.len().max(1) as f64;
            parts.push(format!("best {best:.4}, mean {mean:.4}"));
        }
        if let Some(entropy) = search.strategy().entropy() {
            parts.push(format!("entropy {entropy:.1}"));
        }
        if let Some(left) = self.left(search.done()) {
            parts.push(format!("{} left", indicatif::FormattedDuration(left)));
        }
        parts.join(", ")
    }

    /// The time that is left, by the children so far and by the budget.
    fn left(&self, done: usize) -> Option<Duration> {
        let new = done.checked_sub(self.before).filter(|new| *new > 0)?;
        let each = self.begin.elapsed().as_secs_f64() / new as f64;
        let left = Duration::try_from_secs_f64(each * self.all.saturating_sub(done) as f64).ok()?;
        let until = self.until.map(|until| until.saturating_duration_since(Instant::now()));
        Some(until.map_or(left, |until| until.min(left)))
    }

    /// The end. Returns the number of children that failed.
    pub fn end(self) -> usize {
        self.bar.finish_and_clear();
        self.failed
    }
}
