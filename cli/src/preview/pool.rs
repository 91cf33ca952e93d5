//! Pool: the images that a sheet can show, and the few that it does.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::path::{Path, PathBuf};

use anyhow::bail;
use autoaugment::Layout;
use autoaugment::loader::{self, ColorMode, Dataset};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::decode::{DecodedImage, Decoding, Reduction};
use crate::inputs::{self, Input};
use crate::run::{ArraySource, FileSource, Source};
use crate::{read, terminal};

/// All images.
pub enum Pool {
    Files(FileSource),
    Array(ArraySource),
    Data(Box<dyn Dataset>),
}

/// What the paths stand for, and what of it could not be read.
pub struct Opened {
    pub pool: Pool,
    pub unreadable: Vec<(String, String)>,
}

/// Of so many images for each one that is shown, the classes are looked at.
const LOOKED_AT: usize = 64;

impl Pool {
    /// Image files and folders, one array, or the files of a data set.
    pub fn open(paths: &[PathBuf], layout: Option<Layout>, decoding: Decoding) -> anyhow::Result<Opened> {
        let of = |pool| Opened { pool, unreadable: Vec::new() };
        let is_array = |path: &PathBuf| read::is_standard(path) || has_ending(path, &[".npy"]);
        if paths.iter().any(is_array) {
            let [path] = paths else {
                bail!("an array must be the only input, and there are {} inputs", paths.len());
            };
            return Ok(of(Pool::Array(ArraySource::open(path, layout.unwrap_or(Layout::Nhwc))?)));
        }
        if layout.is_some() {
            bail!("--layout is for .npy arrays, and the input is none");
        }
        if paths.iter().all(|path| is_of_data_set(path)) {
            return Ok(of(Pool::Data(loader::open(paths)?)));
        }
        let found = match inputs::find(paths, None) {
            Ok(found) => found,
            // A folder without images may be one of shards.
            Err(error) => match paths {
                [folder] if folder.is_dir() => {
                    return loader::open(paths).map_or(Err(error), |d| Ok(of(Pool::Data(d))));
                }
                _ => return Err(error),
            },
        };
        Ok(Opened { pool: Pool::Files(FileSource::new(found.inputs, decoding)), unreadable: found.unreadable })
    }

    pub fn len(&self) -> usize {
        match self {
            Pool::Files(files) => files.len(),
            Pool::Array(array) => array.len(),
            Pool::Data(data) => data.len(),
        }
    }

    /// The file of an image; None if it is none.
    pub fn input(&self, image: usize) -> Option<&Input> {
        match self {
            Pool::Files(files) => files.inputs().get(image),
            _ => None,
        }
    }

    /// The files, of which annotations may be known.
    pub fn inputs(&self) -> Option<&[Input]> {
        match self {
            Pool::Files(files) => Some(files.inputs()),
            _ => None,
        }
    }

    /// The class of an image: the label of a data set, or the folder of a file.
    pub fn class(&self, image: usize) -> Option<String> {
        match self {
            Pool::Files(files) => {
                let folder = files.inputs().get(image)?.name.parent()?;
                Some(folder.to_string_lossy().into_owned()).filter(|name| !name.is_empty())
            }
            Pool::Array(_) => None,
            Pool::Data(data) => {
                let label = data.label(image).ok()?;
                let name = data.classes().get(label as usize);
                Some(name.cloned().unwrap_or_else(|| format!("class {label}")))
            }
        }
    }

    /// A short name under an image.
    pub fn title(&self, image: usize) -> String {
        match self {
            Pool::Files(files) => {
                let stem = files.inputs().get(image).and_then(|input| input.name.file_stem());
                stem.unwrap_or_default().to_string_lossy().into_owned()
            }
            Pool::Array(_) | Pool::Data(_) => format!("image {image}"),
        }
    }

    /// The lines under an original: its name, and its class.
    pub fn names(&self, image: usize) -> Vec<String> {
        std::iter::once(self.title(image)).chain(self.class(image)).collect()
    }

    /// The inputs of a plan's name.
    pub fn find(&self, name: &str) -> &[usize] {
        match self {
            Pool::Files(files) => files.find(name),
            _ => &[],
        }
    }

    /// At most `count` images, by the seed, spread over the classes. They stay in their order.
    pub fn choose(&self, count: usize, seed: u64) -> Vec<usize> {
        if self.len() <= count {
            return (0..self.len()).collect();
        }
        let mut by_class: BTreeMap<usize, VecDeque<usize>> = BTreeMap::new();
        let mut numbers = BTreeMap::new();
        for image in shuffled(self.len(), count.saturating_mul(LOOKED_AT), seed) {
            let next = numbers.len();
            let class = *numbers.entry(self.class(image)).or_insert(next);
            by_class.entry(class).or_default().push_back(image);
        }
        let mut chosen = Vec::new();
        while chosen.len() < count && by_class.values().any(|images| !images.is_empty()) {
            let next: Vec<_> = by_class.values_mut().filter_map(VecDeque::pop_front).collect();
            chosen.extend(next.into_iter().take(count - chosen.len()));
        }
        chosen.sort_unstable();
        chosen
    }

    fn source(&self) -> Option<&dyn Source> {
        match self {
            Pool::Files(files) => Some(files),
            Pool::Array(array) => Some(array),
            Pool::Data(_) => None,
        }
    }
}

/// At most `most` of the numbers below `count`, in a random order.
fn shuffled(count: usize, most: usize, seed: u64) -> Vec<usize> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    if count > 2 * most {
        let mut seen = HashSet::new();
        let draws = std::iter::repeat_with(|| rng.random_range(0..count as u64) as usize);
        return draws.filter(|&number| seen.insert(number)).take(most).collect();
    }
    let mut numbers: Vec<usize> = (0..count).collect();
    for place in (1..count).rev() {
        numbers.swap(place, rng.random_range(0..=place as u64) as usize);
    }
    numbers.truncate(most);
    numbers
}

fn has_ending(path: &Path, endings: &[&str]) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    endings.iter().any(|ending| name.ends_with(ending))
}

/// Whether a name is that of a data set's file.
fn is_of_data_set(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    has_ending(path, &[".tar", ".tar.gz", ".tgz", ".tar.zst", ".parquet", ".bin"])
        || ["images-idx3", "labels-idx1"].iter().any(|part| name.contains(part))
}

/// The chosen images, as a source.
pub struct Chosen<'a> {
    pub pool: &'a Pool,
    /// The image behind each input.
    pub images: Vec<usize>,
}

impl Source for Chosen<'_> {
    fn len(&self) -> usize {
        self.images.len()
    }

    fn is_array(&self) -> bool {
        matches!(self.pool, Pool::Array(_))
    }

    fn name(&self, input: usize) -> String {
        let image = self.images[input];
        match (self.pool, self.pool.source()) {
            (_, Some(source)) => source.name(image),
            (Pool::Data(data), None) => terminal::quoted(&data.name(image)),
            (_, None) => image.to_string(),
        }
    }

    fn planned_name(&self, input: usize) -> Option<String> {
        self.pool.source()?.planned_name(self.images[input])
    }

    fn layout(&self) -> Layout {
        self.pool.source().map_or(Layout::Nhwc, Source::layout)
    }

    fn measure(&self, input: usize) -> Option<[usize; 3]> {
        let image = self.images[input];
        match self.pool {
            Pool::Data(data) => {
                let sample = data.read(image).ok()?;
                Some([sample.size().height, sample.size().width, sample.channels()])
            }
            _ => self.pool.source()?.measure(image),
        }
    }

    fn encoded_bytes(&self, input: usize) -> usize {
        self.pool.source().map_or(0, |source| source.encoded_bytes(self.images[input]))
    }

    fn load(&self, input: usize) -> anyhow::Result<(DecodedImage, Vec<Reduction>)> {
        let image = self.images[input];
        let data = match self.pool {
            Pool::Files(files) => return files.load(image),
            Pool::Array(array) => return array.load(image),
            Pool::Data(data) => data,
        };
        let sample = data.read(image)?;
        let (size, channels) = (sample.size(), sample.channels());
        let mut pixels = read::zeros(size.pixels() * channels)?;
        sample.decode_into(if channels == 1 { ColorMode::Luma } else { ColorMode::Rgb }, &mut pixels)?;
        Ok((DecodedImage { height: size.height, width: size.width, channels, data: pixels }, Vec::new()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_drawn_once_each() {
        for (count, most) in [(10, 5), (1000, 5), (10, 10), (10, 100), (0, 3)] {
            let numbers = shuffled(count, most, 1);
            assert_eq!(numbers.iter().collect::<HashSet<_>>().len(), numbers.len());
            assert_eq!(numbers.len(), count.min(most));
            assert!(numbers.iter().all(|&number| number < count));
        }
        assert_ne!(shuffled(1000, 5, 1), shuffled(1000, 5, 2));
    }
}
