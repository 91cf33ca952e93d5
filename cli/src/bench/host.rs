//! The host's rows: augmenting on the CPU, and memcpy of the same bytes.

use std::hint::black_box;

use autoaugment::{Executor, Plan, Tensor};
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::rows::{Id, Row, wall};
use super::work::Work;
use crate::read;

/// One thread, and all of them.
pub struct Pools {
    one: ThreadPool,
    all: ThreadPool,
}

impl Pools {
    pub fn new() -> anyhow::Result<Self> {
        let pool = |threads| ThreadPoolBuilder::new().num_threads(threads).build();
        Ok(Pools { one: pool(1)?, all: pool(rayon::current_num_threads())? })
    }

    pub fn threads(&self) -> usize {
        self.all.current_num_threads()
    }
}

/// All threads have a row of their own where there is more than one.
pub fn rows<'a>(pools: &'a Pools, cpu: &'a Executor, work: &'a Work) -> anyhow::Result<Vec<Row<'a>>> {
    let one = [(Id::CpuOneThread, Id::MemcpyOneThread, &pools.one)];
    let all = [(Id::CpuAllThreads, Id::MemcpyAllThreads, &pools.all)];
    let pools = one.into_iter().chain(all.into_iter().filter(|_| pools.threads() > 1));
    let mut rows = Vec::new();
    for (augment, copy, pool) in pools {
        rows.extend([augmenting(augment, pool, cpu, work), copying(copy, pool, work)?]);
    }
    Ok(rows)
}

fn augmenting<'a>(id: Id, pool: &'a ThreadPool, cpu: &'a Executor, work: &'a Work) -> Row<'a> {
    let mut tensor = Tensor::default();
    let run = move |plans: &[&Plan]| {
        wall(|| {
            pool.install(|| {
                for plan in plans {
                    cpu.apply_into(&work.batch, plan, &work.output, &mut tensor)?;
                    black_box(&mut tensor);
                }
                Ok(())
            })
        })
    };
    Row { id, run: Box::new(run) }
}

/// Reads the bytes of the images and writes as many as the results have, which is a whole multiple.
fn copying<'a>(id: Id, pool: &'a ThreadPool, work: &'a Work) -> anyhow::Result<Row<'a>> {
    let source = work.batch.data();
    let times = work.output_bytes() / work.input_bytes();
    let mut destination = read::zeros(work.output_bytes())?;
    // A thread's share at once where it is copied once; else parts that the cache still has when they are read again.
    let part = if times == 1 { source.len().div_ceil(pool.current_num_threads()) } else { 1 << 15 };
    let run = move |plans: &[&Plan]| {
        wall(|| {
            pool.install(|| {
                for _ in plans {
                    copy(source, &mut destination, times, part);
                    black_box(&mut destination);
                }
            });
            Ok(())
        })
    };
    Ok(Row { id, run: Box::new(run) })
}

fn copy(source: &[u8], destination: &mut [u8], times: usize, part: usize) {
    rayon::scope(|scope| {
        let share = source.len().div_ceil(rayon::current_num_threads()).next_multiple_of(part);
        for (from, to) in source.chunks(share).zip(destination.chunks_mut(share * times)) {
            scope.spawn(move |_| {
                for (from, to) in from.chunks(part).zip(to.chunks_mut(part * times)) {
                    to.chunks_mut(from.len()).for_each(|to| to.copy_from_slice(from));
                }
            });
        }
    });
}
