//! Write: segments as the words that kernels read.

use super::super::view::{ALONG_ROWS, SourceView};
use super::{Extra, Mixture, PROGRAM_WORDS, Pass, RULE_BLENDS, RULE_SUM, RULE_SUM_THEN_BLEND, Segment, Sums, word};
use crate::ops::MixRule;

/// The places that the segments of an image read and write; see [`word`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Places<'a> {
    /// First byte of the input image.
    pub image: u32,
    /// First word of each of the image's slots.
    pub slots: &'a [u32],
    /// The image's first value in the destination, for the segment that makes it.
    pub result: Option<u32>,
    pub counts: u32,
    pub segments_left: u32,
}

impl Places<'_> {
    fn slot(&self, slot: usize) -> u32 {
        self.slots.get(slot).copied().unwrap_or_default()
    }
}

impl Segment {
    /// Writes the program at the end of `programs`. Longer data goes to the end of `behind`, which will begin at word
    /// `behind_at`.
    pub fn write(
        &self,
        places: Places<'_>,
        partner: impl Fn(usize) -> u32,
        programs: &mut Vec<u32>,
        behind: &mut Vec<u32>,
        behind_at: usize,
    ) {
        let mut program = [0; PROGRAM_WORDS];
        program[word::SOURCE] = self.from.map_or(places.image, |slot| places.slot(slot));
        program[word::FROM_INTERMEDIATE] = u32::from(self.from.is_some());
        program[word::DESTINATION] = places.result.unwrap_or(places.slot(self.slot));
        program[word::COUNTS] = places.counts;
        program[word::SEGMENTS] = places.segments_left;
        program[word::STATISTICS] = self.table.statistics;
        program[word::STEPS] = (behind_at + behind.len()) as u32;
        program[word::STEP_COUNT] = self.table.steps.len() as u32;
        behind.extend(self.table.steps.iter().flatten());
        self.write_view(&mut program);
        self.write_sums(places, &mut program, behind, behind_at);
        for (stage, kind, args) in
            [(&self.stages[0], word::FIRST, word::FIRST_ARGS), (&self.stages[1], word::SECOND, word::SECOND_ARGS)]
        {
            program[kind] = stage.kind as u32;
            program[args..args + 7].copy_from_slice(&stage.args);
            match &stage.extra {
                Extra::Nothing => {}
                Extra::Words(words) => {
                    program[args] = (behind_at + behind.len()) as u32;
                    behind.extend(words);
                }
                Extra::Partner(index) => program[args + 1] = partner(*index),
            }
        }
        programs.extend(program);
    }

    fn write_sums(
        &self,
        places: Places<'_>,
        program: &mut [u32; PROGRAM_WORDS],
        behind: &mut Vec<u32>,
        behind_at: usize,
    ) {
        program[word::WEIGHTS] = (behind_at + behind.len()) as u32;
        match &self.sums {
            Sums::Nothing => {}
            Sums::First(pass) | Sums::Second(pass) => {
                behind.push(pass.stride as u32);
                behind.extend(pass.weights.words(pass.shift));
            }
            Sums::Mixture(Mixture { rule, weights }) => {
                let (rule, weight) = match *rule {
                    MixRule::Sum(weight) => (RULE_SUM, weight as f32),
                    MixRule::SumThenBlend(weight) => (RULE_SUM_THEN_BLEND, weight as f32),
                    MixRule::Blends => (RULE_BLENDS, 0.0),
                };
                // Zero may have a sign, which the shader does not expect.
                behind.extend([rule, weight.abs().to_bits(), weights.len() as u32]);
                behind.extend(weights.iter().enumerate().flat_map(|(i, w)| [places.slot(i + 1), w.abs().to_bits()]));
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
