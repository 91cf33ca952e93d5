// Statistics as the statistics kernel reads and writes them: 768 counts, then two 64-bit sums of luma, low word first.
@group(0) @binding(6) var<storage, read_write> counts: array<atomic<u32>>;

fn count_of(base: u32, bin: u32) -> u32 {
  return atomicLoad(&counts[programs[base + WORD_COUNTS] * COUNTS_WORDS + bin]);
}

fn luma_sum(base: u32, round: u32) -> vec2<u32> {
  let at = programs[base + WORD_COUNTS] * COUNTS_WORDS + 768u + 2u * round;
  return vec2<u32>(atomicLoad(&counts[at + 1u]), atomicLoad(&counts[at]));
}
