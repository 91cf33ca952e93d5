//! Archive: the entries of a tar file, read one header at a time.
//!
//! The crate `tar` reads headers. The walk from header to header is here, because names in front of an entry (GNU's
//! long names and PAX) are read with a bound. A shard is a file, or a stream out of a decompressor. The walk is the
//! same.

use std::io::{self, BufRead, BufReader, Read, Seek};

use tar::{EntryType, Header, PaxExtensions};

/// The most bytes of a long name or of PAX fields.
const LARGEST_EXTENSION: u64 = 1 << 20;

/// The most bytes of zeros behind an archive that are looked through for another one: the padding of the largest block
/// that tar programs write.
const LARGEST_PADDING: usize = 1 << 20;

const BLOCK: u64 = 512;

/// A reader that can go forward.
pub(super) trait Forward: Read {
    /// Goes past some bytes. Gives the number of bytes that were there, if that can be known.
    fn forward(&mut self, bytes: u64) -> io::Result<()>;
}

/// A file goes forward without reading.
impl<R: Read + Seek> Forward for BufReader<R> {
    fn forward(&mut self, bytes: u64) -> io::Result<()> {
        self.seek_relative(i64::try_from(bytes).map_err(|_| io::ErrorKind::UnexpectedEof)?)
    }
}

/// A stream goes forward by reading.
pub(super) struct Stream<R>(pub R);

impl<R: Read> Read for Stream<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.0.read(out)
    }
}

impl<R: BufRead> Forward for Stream<R> {
    fn forward(&mut self, bytes: u64) -> io::Result<()> {
        let gone = io::copy(&mut self.0.by_ref().take(bytes), &mut io::sink())?;
        if gone == bytes { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }
}

/// What an entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    /// Not a plain file: `a link to ../passwd`, `a named pipe`. Its contents are not in the archive.
    Other(String),
}

/// An entry that is no folder.
pub(super) struct Entry {
    pub name: String,
    pub kind: Kind,
    /// The first byte of its contents in the archive.
    pub offset: u64,
    pub bytes: u64,
}

/// Calls `take` with each entry of an archive. The reader then stands at the entry's first byte, and `take` says how
/// many bytes it has read. `length` is the archive's, if it is known.
pub(super) fn for_each_entry<R: Forward>(
    reader: &mut R,
    length: Option<u64>,
    mut take: impl FnMut(&Entry, &mut R) -> Result<u64, String>,
) -> Result<(), String> {
    let mut at = 0u64;
    let mut long_name = None;
    let mut pax = Pax::default();
    while let Some(header) = next_header(reader, &mut at)? {
        let written = header.entry_size().map_err(|e| broken(at, &e))?;
        let kind = header.entry_type();
        let own_name = || String::from_utf8_lossy(&header.path_bytes()).into_owned();
        if matches!(kind, EntryType::GNULongName | EntryType::GNULongLink | EntryType::XHeader) {
            let text = extension(reader, &own_name(), written)?;
            at += written;
            pad(reader, &mut at)?;
            match kind {
                EntryType::GNULongName => long_name = Some(text_of(&text)),
                EntryType::XHeader => pax = Pax::read(&text)?,
                _ => {}
            }
            continue;
        }
        let fields = std::mem::take(&mut pax);
        let name = long_name.take().or(fields.name).unwrap_or_else(own_name);
        let bytes = fields.bytes.unwrap_or(written);
        let sort = sort(&header, fields.is_sparse);
        // Links, folders and devices have no contents, whatever size their header says.
        let stored = if has_contents(kind) { bytes } else { 0 };
        let end = at.checked_add(stored);
        if end.is_none_or(|end| length.is_some_and(|length| end > length)) {
            let length = length.map_or_else(String::new, |l| format!(", and the shard ends at byte {l}"));
            return Err(format!("truncated: {name} has {bytes} bytes from byte {at}{length}"));
        }
        let mut read = 0;
        if let Some(kind) = sort.filter(|_| !name.ends_with('/')) {
            read = take(&Entry { name: name.clone(), kind, offset: at, bytes: stored }, reader)?;
        }
        let truncated = |_| format!("truncated: {name} has {bytes} bytes from byte {at}, and the shard ends before");
        reader.forward(stored - read).map_err(truncated)?;
        at += stored;
        pad(reader, &mut at)?;
    }
    Ok(())
}

/// The next header that is not a block of zeros. `None` at the end.
fn next_header(reader: &mut impl Read, at: &mut u64) -> Result<Option<Header>, String> {
    let mut zeros = 0;
    loop {
        let mut block = [0; BLOCK as usize];
        let there = read_up_to(reader, &mut block).map_err(|e| broken(*at, &e))?;
        if there == 0 || zeros > LARGEST_PADDING {
            return Ok(None);
        }
        if block == [0; BLOCK as usize] {
            zeros += block.len();
            *at += there as u64;
            continue;
        }
        if there < block.len() {
            return Err(broken(*at, &"it ends within a header"));
        }
        let header = Header::from_byte_slice(&block).clone();
        let sum = header.cksum().map_err(|e| broken(*at, &e))?;
        // The field of the sum itself, bytes 148 to 155, counts as spaces.
        let counted =
            block.iter().enumerate().map(|(i, &byte)| if (148..156).contains(&i) { 32 } else { u32::from(byte) });
        if counted.sum::<u32>() != sum {
            return Err(broken(*at, &"the sum of a header is wrong"));
        }
        *at += BLOCK;
        return Ok(Some(header));
    }
}

/// Goes to the next block. The last entry of a file may lack its padding.
fn pad(reader: &mut impl Read, at: &mut u64) -> Result<(), String> {
    let padding = (at.next_multiple_of(BLOCK) - *at) as usize;
    read_up_to(reader, &mut [0; BLOCK as usize][..padding]).map_err(|e| broken(*at, &e))?;
    *at += padding as u64;
    Ok(())
}

fn read_up_to(reader: &mut impl Read, out: &mut [u8]) -> io::Result<usize> {
    let mut there = 0;
    while there < out.len() {
        match reader.read(&mut out[there..]) {
            Ok(0) => break,
            Ok(n) => there += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(there)
}

/// The contents of a long name or of PAX fields.
fn extension(reader: &mut impl Read, name: &str, bytes: u64) -> Result<Vec<u8>, String> {
    if bytes > LARGEST_EXTENSION {
        return Err(format!(
            "{name}: a name or its fields have {bytes} bytes, and at most {LARGEST_EXTENSION} are read"
        ));
    }
    let mut text = vec![0; bytes as usize];
    reader.read_exact(&mut text).map_err(|e| format!("not a readable tar file: {name}: {e}"))?;
    Ok(text)
}

/// A long name ends at a byte 0.
fn text_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.split(|&byte| byte == 0).next().unwrap_or_default()).into_owned()
}

/// The PAX fields of an entry that count here.
#[derive(Default)]
struct Pax {
    name: Option<String>,
    bytes: Option<u64>,
    is_sparse: bool,
}

impl Pax {
    fn read(text: &[u8]) -> Result<Self, String> {
        let mut pax = Pax::default();
        for field in PaxExtensions::new(text) {
            let field = field.map_err(|e| format!("not a readable tar file: PAX fields: {e}"))?;
            let value = String::from_utf8_lossy(field.value_bytes());
            match field.key_bytes() {
                b"path" => pax.name = Some(value.into_owned()),
                b"size" => {
                    let bytes =
                        value.parse().map_err(|_| format!("not a readable tar file: the PAX size `{value}`"))?;
                    pax.bytes = Some(bytes);
                }
                key if key.starts_with(b"GNU.sparse.") => pax.is_sparse = true,
                _ => {}
            }
        }
        Ok(pax)
    }
}

/// What an entry is; `None` for folders and for fields of the whole archive.
fn sort(header: &Header, is_sparse: bool) -> Option<Kind> {
    let target = || {
        let target = header.link_name_bytes().unwrap_or_default();
        String::from_utf8_lossy(&target).into_owned()
    };
    Some(match header.entry_type() {
        EntryType::Directory | EntryType::XGlobalHeader => return None,
        EntryType::GNUSparse => Kind::Other("a sparse file".to_string()),
        _ if is_sparse => Kind::Other("a sparse file".to_string()),
        EntryType::Symlink | EntryType::Link => Kind::Other(format!("a link to {}", target())),
        EntryType::Fifo => Kind::Other("a named pipe".to_string()),
        EntryType::Char | EntryType::Block => Kind::Other("a device".to_string()),
        // Programs take types that they do not know for files.
        _ => Kind::File,
    })
}

fn has_contents(kind: EntryType) -> bool {
    use EntryType::{Block, Char, Directory, Fifo, Link, Symlink};
    !matches!(kind, Block | Char | Directory | Fifo | Link | Symlink)
}

fn broken(at: u64, reason: &dyn std::fmt::Display) -> String {
    format!("not a readable tar file: byte {at}: {reason}")
}
