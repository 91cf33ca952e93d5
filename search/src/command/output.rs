//! Output: what a program prints, read by a thread while the program runs.

use std::io::Read;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// The bytes of the end that are kept.
const KEPT: usize = 1 << 16;

pub(super) struct Output {
    end: Arc<Mutex<Vec<u8>>>,
    is_too_long: Arc<AtomicBool>,
    /// Ends when everything is read.
    reading: Receiver<()>,
}

impl Output {
    /// Reads to the end, or until there are more than `most` bytes. The last 64 KiB are kept.
    pub fn read(mut source: impl Read + Send + 'static, most: usize) -> Self {
        let (end, is_too_long) = (Arc::<Mutex<Vec<u8>>>::default(), Arc::<AtomicBool>::default());
        let (sender, reading) = channel::<()>();
        let (kept, too_long) = (end.clone(), is_too_long.clone());
        thread::spawn(move || {
            let _sender = sender;
            let (mut bytes, mut all) = ([0; 1 << 13], 0usize);
            while let Ok(read @ 1..) = source.read(&mut bytes) {
                all = all.saturating_add(read);
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.extend_from_slice(&bytes[..read]);
                let surplus = kept.len().saturating_sub(KEPT);
                kept.drain(..surplus);
                if all > most {
                    too_long.store(true, Ordering::Relaxed);
                    return;
                }
            }
        });
        Output { end, is_too_long, reading }
    }

    pub fn is_too_long(&self) -> bool {
        self.is_too_long.load(Ordering::Relaxed)
    }

    /// The end of what there is. It is waited for, but not for ever: a process that left its group may hold it open.
    pub fn end(&self, most: Duration) -> Vec<u8> {
        let _ = self.reading.recv_timeout(most);
        self.end.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
