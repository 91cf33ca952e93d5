//! Waiting: wakes a future when the device has finished work, and blocks a thread on a future.
//!
//! A browser calls back by itself. Natively, wgpu calls back only during a poll of the device, so a waiting future has
//! to poll again and again. A thread in [`block_on`] polls by itself, with growing pauses. On other executors, a thread
//! of this crate wakes the future for each poll.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Waker};

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use native::{Looks, block_on, pause};

/// A value that is told once, from any thread, and that one future waits for.
#[derive(Debug)]
pub(crate) struct Signal<T>(Arc<Mutex<State<T>>>);

#[derive(Debug)]
struct State<T> {
    told: Option<T>,
    waiting: Option<Waker>,
}

impl<T> Clone for Signal<T> {
    fn clone(&self) -> Self {
        Signal(self.0.clone())
    }
}

impl<T: Clone> Signal<T> {
    /// A signal that was not told anything yet.
    pub fn new() -> Self {
        Signal(Arc::new(Mutex::new(State { told: None, waiting: None })))
    }

    /// Tells the value and wakes who waits for it.
    pub fn tell(&self, value: T) {
        let waiting = {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            state.told = Some(value);
            state.waiting.take()
        };
        if let Some(waker) = waiting {
            waker.wake();
        }
    }

    /// The value, if it was told.
    pub fn told(&self) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).told.clone()
    }

    /// The value. Or `None`, and the polling task is woken when the value is there.
    pub fn ask(&self, context: &Context<'_>) -> Option<T> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.told.is_none() {
            state.waiting = Some(context.waker().clone());
        }
        state.told.clone()
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod native {
    use std::cell::Cell;
    use std::future::{Future, poll_fn};
    use std::panic::AssertUnwindSafe;
    use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
    use std::task::{Context, Poll, Waker};
    use std::time::{Duration, Instant};

    /// The longest pause between two polls of the device.
    const PAUSE: Duration = Duration::from_millis(1);
    /// How long the thread that wakes futures stays when there are none.
    const IDLE: Duration = Duration::from_secs(2);

    thread_local! {
        /// Whether this thread is in [`block_on`], and so has nothing else to do.
        static BLOCKS: Cell<bool> = const { Cell::new(false) };
    }

    /// Runs a future to its end on this thread.
    pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
        /// Restores the state of an outer call, even if the future panics.
        struct Outer(bool);
        impl Drop for Outer {
            fn drop(&mut self) {
                BLOCKS.set(self.0);
            }
        }
        let _outer = Outer(BLOCKS.replace(true));
        pollster::block_on(future)
    }

    /// The looks of one wait at the device.
    pub(crate) struct Looks(Instant);

    impl Looks {
        pub fn begin() -> Self {
            Looks(Instant::now())
        }

        /// Schedules the next poll of the future after a small part of the time so far, so that a short wait stays
        /// short.
        pub fn again(&self, context: &Context<'_>) {
            wake_at(Instant::now() + PAUSE.min(self.0.elapsed() / 16), context.waker());
        }
    }

    /// Waits for so long.
    pub(crate) async fn pause(duration: Duration) {
        let end = Instant::now() + duration;
        poll_fn(|context| {
            if Instant::now() >= end {
                return Poll::Ready(());
            }
            wake_at(end, context.waker());
            Poll::Pending
        })
        .await;
    }

    /// Wakes a future at this moment: by a pause of its thread, if that is in [`block_on`], and otherwise by a thread
    /// that does nothing else.
    fn wake_at(moment: Instant, waker: &Waker) {
        if BLOCKS.get() {
            std::thread::sleep(moment.saturating_duration_since(Instant::now()));
            waker.wake_by_ref();
        } else {
            ALARMS.add(moment, waker.clone());
        }
    }

    /// The work of the thread that wakes futures.
    struct Alarms {
        state: Mutex<Due>,
        changed: Condvar,
    }

    struct Due {
        wakers: Vec<(Instant, Waker)>,
        is_running: bool,
    }

    static ALARMS: Alarms =
        Alarms { state: Mutex::new(Due { wakers: Vec::new(), is_running: false }), changed: Condvar::new() };

    impl Alarms {
        fn lock(&self) -> MutexGuard<'_, Due> {
            self.state.lock().unwrap_or_else(PoisonError::into_inner)
        }

        fn add(&'static self, moment: Instant, waker: Waker) {
            let mut due = self.lock();
            // One alarm for each task. More would wake it more often with each look.
            match due.wakers.iter_mut().find(|(_, known)| known.will_wake(&waker)) {
                Some((at, _)) => *at = moment.min(*at),
                None => due.wakers.push((moment, waker)),
            }
            if !due.is_running {
                let thread = std::thread::Builder::new().name("autoaugment-wake".to_string());
                due.is_running = thread.spawn(|| self.run()).is_ok();
            }
            // Where no thread can be had, the future looks again at once.
            let now = if due.is_running { Vec::new() } else { std::mem::take(&mut due.wakers) };
            drop(due);
            self.changed.notify_one();
            now.into_iter().for_each(|(_, waker)| waker.wake());
        }

        /// Wakes due futures, until there was no request for some time.
        fn run(&self) {
            let mut due = self.lock();
            loop {
                let now = Instant::now();
                let ripe: Vec<Waker> =
                    due.wakers.extract_if(.., |(moment, _)| *moment <= now).map(|(_, w)| w).collect();
                if !ripe.is_empty() {
                    drop(due);
                    for waker in ripe {
                        // A waker that panics is its executor's fault, and no reason to leave the others asleep.
                        let _ = std::panic::catch_unwind(AssertUnwindSafe(|| waker.wake()));
                    }
                    due = self.lock();
                    continue;
                }
                let next = due.wakers.iter().map(|(moment, _)| *moment).min();
                let left = next.map_or(IDLE, |next| next.saturating_duration_since(now));
                let (after, timeout) = self.changed.wait_timeout(due, left).unwrap_or_else(PoisonError::into_inner);
                due = after;
                if timeout.timed_out() && due.wakers.is_empty() {
                    due.is_running = false;
                    return;
                }
            }
        }
    }

    #[cfg(test)]
    mod tests {
        use super::super::Signal;
        use super::*;

        /// An executor that knows nothing of devices: it sleeps until it is woken.
        fn block_elsewhere<T>(future: impl Future<Output = T>) -> T {
            pollster::block_on(future)
        }

        #[test]
        fn pauses_end_on_every_executor() {
            let pauses = || async {
                for millis in [0, 3, 1] {
                    pause(Duration::from_millis(millis)).await;
                }
            };
            let begun = Instant::now();
            block_on(pauses());
            block_elsewhere(pauses());
            // One inside the other.
            block_on(async { block_elsewhere(pauses()) });
            block_elsewhere(async { block_on(pauses()) });
            assert!(begun.elapsed() >= Duration::from_millis(16));
            assert!(!BLOCKS.get());
        }

        #[test]
        fn who_waits_is_woken_by_another_thread() {
            for run in [block_on, block_elsewhere] as [fn(std::pin::Pin<Box<dyn Future<Output = i32>>>) -> i32; 2] {
                let signal = Signal::new();
                let told = signal.clone();
                let thread = std::thread::spawn(move || {
                    std::thread::sleep(Duration::from_millis(5));
                    told.tell(7);
                });
                let future = poll_fn(move |context| signal.ask(context).map_or(Poll::Pending, Poll::Ready));
                assert_eq!(run(Box::pin(future)), 7);
                thread.join().unwrap();
            }
        }

        #[test]
        fn a_panic_leaves_nothing_behind() {
            let panicked = std::panic::catch_unwind(|| block_on(async { panic!("a test") }));
            assert!(panicked.is_err());
            assert!(!BLOCKS.get());
        }
    }
}
