//! Write: segments as the words that kernels read.

use super::super::view::{ALONG_ROWS, SourceView};
use super::{
    Argument, Extra, Mixture, PROGRAM_WORDS, Pass, RULE_BLENDS, RULE_SUM, RULE_SUM_THEN_BLEND, Segment, Sums, word,
};
use crate::gpu::compile::tables::BlendPlaces;
use crate::ops::MixRule;

/// The places that the segments of an image read and write; see [`word`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Places<'a> {
    /// First byte of the input image.
    pub image: u32,
    /// First word of each of the image's slots.
    pub slots: &'a [u32],
    /// The tables of all blends.
    pub blends: &'a BlendPlaces,
    /// The image's first value in the destination, for the segment that makes it.
    pub result: Option<u32>,
    pub counts: u32,
    pub segments_left: u32,
}

impl Places<'_> {
    fn slot(&self, slot: usize) -> u32 {
        self.slots.get(slot).copied().unwrap_or_default()
    }

    fn word(&self, Argument { word, is_blend }: Argument) -> u32 {
        if is_blend { self.blends.of(word) } else { word }
    }
}

/// The words that follow the programs, as far as they are not written.
struct Behind<'a> {
    left: &'a mut [u32],
    /// The place of the first of them.
    at: usize,
}

impl<'a> Behind<'a> {
    /// The next words. There are as many as [`Segment::words_behind`] counts.
    fn take(&mut self, count: usize) -> &'a mut [u32] {
        let (taken, left) = std::mem::take(&mut self.left).split_at_mut(count);
        self.left = left;
        self.at += count;
        taken
    }
}

impl Segment {
    /// Writes the program. Longer data fills `behind`, which begins at word `behind_at`.
    pub fn write(
        &self,
        places: Places<'_>,
        partner: impl Fn(usize) -> u32,
        program: &mut [u32; PROGRAM_WORDS],
        behind: &mut [u32],
        behind_at: usize,
    ) {
        let mut behind = Behind { left: behind, at: behind_at };
        program[word::SOURCE] = self.from.map_or(places.image, |slot| places.slot(slot));
        program[word::FROM_INTERMEDIATE] = u32::from(self.from.is_some());
        program[word::DESTINATION] = places.result.unwrap_or(places.slot(self.slot));
        program[word::COUNTS] = places.counts;
        program[word::SEGMENTS] = places.segments_left;
        program[word::STATISTICS] = self.table.statistics;
        program[word::STEPS] = behind.at as u32;
        program[word::STEP_COUNT] = self.table.steps.len() as u32;
        for &(op, arg) in &self.table.steps {
            behind.take(2).copy_from_slice(&[op, places.word(arg)]);
        }
        self.write_view(program);
        self.write_sums(places, program, &mut behind);
        for (stage, kind, args) in
            [(&self.stages[0], word::FIRST, word::FIRST_ARGS), (&self.stages[1], word::SECOND, word::SECOND_ARGS)]
        {
            program[kind] = stage.kind as u32;
            program[args..args + 7].copy_from_slice(&stage.args);
            program[args] = places.word(Argument { word: stage.args[0], is_blend: stage.is_blend });
            match &stage.extra {
                Extra::Nothing => {}
                Extra::Words(words) => {
                    program[args] = behind.at as u32;
                    behind.take(words.len()).copy_from_slice(words);
                }
                Extra::Partner(index) => program[args + 1] = partner(*index),
            }
        }
    }

    fn write_sums(&self, places: Places<'_>, program: &mut [u32; PROGRAM_WORDS], behind: &mut Behind<'_>) {
        program[word::WEIGHTS] = behind.at as u32;
        match &self.sums {
            Sums::Nothing => {}
            Sums::First(pass) | Sums::Second(pass) => {
                behind.take(1).fill(pass.stride as u32);
                pass.weights.write(pass.shift, behind.take(pass.weights.word_count()));
            }
            Sums::Mixture(Mixture { rule, weights }) => {
                let (rule, weight) = match *rule {
                    MixRule::Sum(weight) => (RULE_SUM, weight as f32),
                    MixRule::SumThenBlend(weight) => (RULE_SUM_THEN_BLEND, weight as f32),
                    MixRule::Blends => (RULE_BLENDS, 0.0),
                };
                // Zero may have a sign, which the shader does not expect.
                behind.take(3).copy_from_slice(&[rule, weight.abs().to_bits(), weights.len() as u32]);
                for (i, weight) in weights.iter().enumerate() {
                    behind.take(2).copy_from_slice(&[places.slot(i + 1), weight.abs().to_bits()]);
                }
            }
        }
    }

    fn write_view(&self, program: &mut [u32; PROGRAM_WORDS]) {
        let SourceView { source, x0, y0, fill: [red, green, blue], .. } = self.view;
        let mut flags = self.view.flags(self.is_weighted());
        if let Sums::First(Pass { along_rows: true, .. }) | Sums::Second(Pass { along_rows: true, .. }) = &self.sums {
            flags |= ALONG_ROWS;
        }
        for (at, value) in [
            (word::WIDTH, self.size.width),
            (word::HEIGHT, self.size.height),
            (word::SOURCE_WIDTH, source.width),
            (word::SOURCE_HEIGHT, source.height),
        ] {
            program[at] = value as u32;
        }
        program[word::VIEW_X] = x0 as u32;
        program[word::VIEW_Y] = y0 as u32;
        program[word::VIEW] = u32::from_le_bytes([red, green, blue, flags as u8]);
    }
}
