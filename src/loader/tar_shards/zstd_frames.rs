//! Zstd frames: a file compressed by zstd as one stream of bytes. Such a file can have several frames.

use std::io::{self, BufRead, Read};

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// The largest window, as for the command line of zstd without `--long`.
const LARGEST_WINDOW: u64 = 128 << 20;

/// The frames of `source`, one behind the other.
pub(super) struct ZstdFrames<R> {
    source: R,
    /// The decoder of the frame that is being read.
    frame: Option<FrameDecoder>,
}

impl<R: BufRead> ZstdFrames<R> {
    pub fn new(source: R) -> Self {
        ZstdFrames { source, frame: None }
    }

    /// The decoder of the next frame. A frame of other data is skipped. `None` at the end.
    fn next(&mut self) -> io::Result<Option<FrameDecoder>> {
        while !self.source.fill_buf()?.is_empty() {
            let mut decoder = FrameDecoder::new();
            decoder.set_max_window_size(LARGEST_WINDOW);
            match decoder.init(&mut self.source) {
                Ok(()) => return Ok(Some(decoder)),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    io::copy(&mut self.source.by_ref().take(u64::from(length)), &mut io::sink())?;
                }
                Err(e) => return Err(unreadable(&e)),
            }
        }
        Ok(None)
    }
}

impl<R: BufRead> Read for ZstdFrames<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let mut frame = match self.frame.take() {
                Some(frame) => frame,
                None => match self.next()? {
                    Some(frame) => frame,
                    None => return Ok(0),
                },
            };
            while frame.can_collect() == 0 && !frame.is_finished() {
                let one = BlockDecodingStrategy::UptoBlocks(1);
                frame.decode_blocks(&mut self.source, one).map_err(|e| unreadable(&e))?;
            }
            if frame.can_collect() > 0 {
                let n = frame.read(out)?;
                self.frame = Some(frame);
                return Ok(n);
            }
            let written = frame.get_checksum_from_data();
            if written.is_some() && written != frame.get_calculated_checksum() {
                return Err(unreadable(&"the sum of a frame is wrong"));
            }
        }
    }
}

fn unreadable(reason: &dyn std::fmt::Display) -> io::Error {
    io::Error::other(format!("unreadable zstd data: {reason}"))
}
