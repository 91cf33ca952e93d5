//! The emulator as a device: memory of the host, and kernels that run when they are launched.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::super::driver::{Driver, Part, Stream, out_of_memory};
use super::{Bound, CudaSource, Memory};
use crate::error::{Error, Result};

/// A device that is the host. It finds memory that is used too late or too far, and counts what is not given back.
#[derive(Default)]
pub(crate) struct Emulated {
    memory: Mutex<BTreeMap<u64, Arc<Memory>>>,
    /// The kernels that were compiled.
    pub compiled: Mutex<Vec<CudaSource>>,
    /// The most parts of memory that can be in use, if there is a limit.
    pub most: Option<usize>,
}

impl Emulated {
    /// The number of parts of memory that are in use.
    pub fn in_use(&self) -> usize {
        self.memory.lock().unwrap().len()
    }

    /// The memory that has this part, and the part's first byte in it.
    fn find(&self, part: Part) -> Result<(Arc<Memory>, usize)> {
        let all = self.memory.lock().unwrap();
        let found = all.range(..=part.address).next_back().map(|(start, memory)| (memory, part.address - start));
        match found {
            Some((memory, from)) if from + part.bytes <= 16 * memory.0.len() as u64 => {
                Ok((memory.clone(), from as usize))
            }
            _ => Err(Error::Device(format!("no memory has {part:?}"))),
        }
    }

    /// Gives `f` the bytes of a part.
    fn with(&self, part: Part, f: impl FnOnce(&mut [u8])) -> Result<()> {
        let (_memory, _) = self.find(part)?;
        // SAFETY: the part is in memory that is held meanwhile, and a test uses a part from one thread at a time.
        f(unsafe { std::slice::from_raw_parts_mut(part.address as *mut u8, part.bytes as usize) });
        Ok(())
    }
}

impl Driver for Emulated {
    type Kernel = CudaSource;

    fn description(&self) -> String {
        "emulator".to_string()
    }

    fn stream(&self) -> Stream {
        Stream(0)
    }

    fn check(&self, _: Stream) -> Result<()> {
        Ok(())
    }

    fn compile(&self, sources: &[CudaSource]) -> Result<Vec<CudaSource>> {
        super::compile(sources).map_err(Error::Device)?;
        self.compiled.lock().unwrap().extend_from_slice(sources);
        Ok(sources.to_vec())
    }

    fn allocate(&self, what: &'static str, bytes: usize, _: Stream) -> Result<Part> {
        if self.most.is_some_and(|most| self.in_use() >= most) {
            return Err(out_of_memory(what, bytes));
        }
        let memory = Memory::new(&vec![0xa5; bytes]);
        let address = memory.0.as_ptr() as u64;
        self.memory.lock().unwrap().insert(address, Arc::new(memory));
        Ok(Part { address, bytes: bytes as u64 })
    }

    fn free(&self, part: Part, _: Stream) {
        assert!(self.memory.lock().unwrap().remove(&part.address).is_some(), "{part:?} was given back before");
    }

    fn upload(&self, to: Part, _: Stream, fill: &mut dyn FnMut(&mut [u8])) -> Result<()> {
        self.with(to, fill)
    }

    fn clear(&self, part: Part, _: Stream) -> Result<()> {
        self.with(part, |memory| memory.fill(0))
    }

    fn launch(&self, kernel: &CudaSource, grid: [u32; 3], parts: &[Part], _: Stream) -> Result<()> {
        let memories = parts.iter().map(|&part| self.find(part)).collect::<Result<Vec<_>>>()?;
        let each = kernel.buffers.iter().zip(parts).zip(&memories);
        let bound: Vec<_> = each
            .map(|((buffer, part), (memory, from))| Bound {
                binding: buffer.binding,
                memory: memory.as_ref(),
                from: *from,
                bytes: part.bytes as usize,
            })
            .collect();
        super::run(kernel, grid, &bound).map_err(Error::Device)
    }

    fn download(&self, from: Part, into: &mut [u8], _: Stream) -> Result<()> {
        self.with(Part { bytes: into.len() as u64, ..from }, |memory| into.copy_from_slice(memory))
    }
}
