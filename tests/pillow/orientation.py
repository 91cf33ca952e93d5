"""Files whose metadata state an orientation, in all ways that Pillow reads and some that it does not.

    python3 orientation.py OUT

The records are those of `files.py`, and the pixels those of `ImageOps.exif_transpose`. Of a file whose metadata Pillow
cannot read at all, the pixels are those that are stored.
"""

import io
import struct
import sys
import warnings
import zlib

import numpy as np
from PIL import Image, TiffImagePlugin

from files import chunk, opened, record, riff

PICTURE = Image.fromarray((np.arange(9 * 5 * 3).reshape(5, 9, 3) * 2 % 256).astype(np.uint8))
KINDS = {1: "B", 3: "H", 4: "I", 6: "b", 7: "B", 8: "h", 9: "i", 11: "f", 12: "d", 13: "I"}


def block(order, kind, values, tag=274, before=(), head=b""):
    """An EXIF block with a tag of this type and these values, behind entries with other tags."""
    if kind in (5, 10):
        stored = b"".join(struct.pack(order + "Ii"[kind == 10], part) for value in values for part in (value, 1))
    elif kind == 2:
        stored = "".join(map(str, values)).encode() + b"\0"
    else:
        stored = struct.pack(f"{order}{len(values)}{KINDS.get(kind, 'B')}", *values)
    count = len(stored) if kind == 2 else len(values)
    entries = b"".join(struct.pack(order + "HHIHH", *entry, 0) for entry in before)
    total = len(before) + 1
    outside = 8 + 2 + 12 * total + 4
    place = struct.pack(order + "I", outside) if len(stored) > 4 else stored.ljust(4, b"\0")
    start = head or (b"II*\0" if order == "<" else b"MM\0*")
    body = struct.pack(order + "IH", 8, total) + entries + struct.pack(order + "HHI", tag, kind, count) + place
    return start + body + bytes(4) + (stored if len(stored) > 4 else b"")


def blocks():
    for order in "<>":
        for kind in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15):
            for value in (2, 6) if kind != 3 else range(12):
                yield f"type-{kind}-{value}", block(order, kind, [value])
            yield f"type-{kind}-three-values", block(order, kind, [8, 3, 1])
            yield f"type-{kind}-no-value", block(order, kind, [])
        yield "twice-in-the-directory", block(order, 3, [5], before=[(274, 3, 1, 7)])
        yield "behind-an-unknown-type", block(order, 3, [5], before=[(274, 99, 1, 7)])
        yield "behind-no-value", block(order, 3, [5], before=[(274, 3, 0, 7)])
        yield "behind-values-outside", block(order, 3, [5], before=[(270, 2, 30, 60000)])
        yield "another-tag", block(order, 3, [5], tag=275)
        yield "cut-in-the-entry", block(order, 3, [5])[:-9]
        yield "cut-behind-the-entry", block(order, 3, [5])[:-4]
        yield "head-the-other-way", block(order, 3, [5], head=b"II\0*" if order == "<" else b"MM*\0")
        yield "head-of-a-large-tiff", block(order, 3, [5], head=b"MM\0+")
        yield "no-head", block(order, 3, [5], head=b"abcd")
    yield "empty", b""
    yield "words", b"no block at all"


def texts():
    for value in range(10):
        yield f"attribute-{value}", f'<rdf tiff:Orientation="{value}" />'
        yield f"element-{value}", f"<tiff:Orientation>{value}</tiff:Orientation>"
    yield "two", 'tiff:Orientation="3" tiff:Orientation="6"'
    yield "first-has-no-digit", 'tiff:Orientation="x" <tiff:Orientation>6<'
    yield "spaces", 'tiff:Orientation = "6"'
    yield "single-quotes", "tiff:Orientation='6'"
    yield "two-digits", 'tiff:Orientation="68"'
    yield "another-prefix", 'exif:Orientation="6"'
    yield "at-the-end", "tiff:Orientation=\""
    yield "nothing", "words"


def saved(kind, **options):
    out = io.BytesIO()
    PICTURE.save(out, kind, **options)
    return out.getvalue()


def jpg(exif=(), xmp=()):
    file = saved("JPEG", quality=80)
    segments = [(b"Exif\0\0" + part) for part in exif] + [b"http://ns.adobe.com/xap/1.0/\0" + part for part in xmp]
    return file[:2] + b"".join(b"\xff\xe1" + struct.pack(">H", len(part) + 2) + part for part in segments) + file[2:]


def png(chunks, behind=False):
    file = saved("PNG")
    at = len(file) - 12 if behind else 33
    return file[:at] + b"".join(chunk(*each) for each in chunks) + file[at:]


def profile(exif):
    digits = exif.hex()
    lines = "\n".join(digits[i : i + 72] for i in range(0, len(digits), 72))
    return f"\nexif\n{len(exif):8}\n{lines}\n".encode()


def webp(chunks, flags, is_extended=True):
    body = saved("WEBP", lossless=True)[12:]
    width, height = PICTURE.size
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    head = riff(b"VP8X", bytes([flags, 0, 0, 0]) + size) if is_extended else b""
    body = head + body + b"".join(riff(*each) for each in chunks)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def tif(tags, compression):
    info = TiffImagePlugin.ImageFileDirectory_v2()
    for tag, (kind, value) in tags.items():
        info.tagtype[tag] = kind
        info[tag] = value
    return saved("TIFF", tiffinfo=info, compression=compression)


def files():
    for name, exif in blocks():
        yield f"jpg/{name}", jpg([exif])
        yield f"png/{name}", png([(b"eXIf", exif)])
        yield f"webp/{name}", webp([(b"EXIF", exif)], 8)
        yield f"png-profile/{name}", png([(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(profile(exif)))])
    six, three = block("<", 3, [6]), block(">", 3, [3])
    yield "jpg/prefix-twice", jpg([b"Exif\0\0" + six])
    yield "jpg/prefix-three-times", jpg([b"Exif\0\0" * 2 + six])
    yield "jpg/two-segments", jpg([six, three])
    yield "jpg/one-block-in-two", jpg([six[:11], six[11:]])
    yield "png/prefix", png([(b"eXIf", b"Exif\0\0" + six)])
    yield "png/prefix-twice", png([(b"eXIf", b"Exif\0\0" * 2 + six)])
    yield "png/behind-the-pixels", png([(b"eXIf", six)], behind=True)
    yield "png/twice", png([(b"eXIf", six), (b"eXIf", three)])
    yield "png/before-a-profile", png([(b"eXIf", three), (b"tEXt", b"Raw profile type exif\0" + profile(six))])
    yield "png/text-named-exif", png([(b"tEXt", b"exif\0" + six)])
    for prefix in (b"", b"Exif\0\0", b"Exif\0\0" * 2):
        yield "png/plain-profile", png([(b"tEXt", b"Raw profile type exif\0" + profile(prefix + six))])
        yield "png/international-profile", png([(b"iTXt", b"Raw profile type exif\0\0\0\0\0" + profile(prefix + six))])
        yield "webp/prefix", webp([(b"EXIF", prefix + six)], 8)
    yield "png/profile-of-another-kind", png([(b"tEXt", b"Raw profile type iptc\0" + profile(six))])
    yield "png/profile-without-digits", png([(b"tEXt", b"Raw profile type exif\0\nexif\n 8\nwords\n")])
    yield "png/damaged-profile", png([(b"zTXt", b"Raw profile type exif\0\0words")])
    yield "webp/no-flag", webp([(b"EXIF", six)], 0)
    yield "webp/not-extended", webp([(b"EXIF", six)], 0, is_extended=False)
    yield "webp/twice", webp([(b"EXIF", six), (b"EXIF", three)], 8)
    for name, text in texts():
        xmp = text.encode()
        yield f"jpg-xmp/{name}", jpg([], [xmp])
        yield f"jpg-xmp-and-exif/{name}", jpg([three], [xmp])
        yield f"jpg-xmp-and-another-tag/{name}", jpg([block("<", 3, [6], tag=270)], [xmp])
        yield f"jpg-xmp-and-useless-tag/{name}", jpg([block("<", 2, [6])], [xmp])
        yield f"png-xmp/{name}", png([(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp)])
        yield f"png-xmp-packed/{name}", png([(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(xmp))])
        yield f"png-xmp-text/{name}", png([(b"tEXt", b"XML:com.adobe.xmp\0" + xmp)])
        yield f"png-xmp-and-exif/{name}", png([(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp), (b"eXIf", three)])
        yield f"webp-xmp/{name}", webp([(b"XMP ", xmp)], 4)
        yield f"webp-xmp-and-exif/{name}", webp([(b"EXIF", three), (b"XMP ", xmp)], 12)
        for compression in ("raw", "tiff_lzw"):
            yield f"tif-xmp-{compression}/{name}", tif({700: (1, xmp)}, compression)
            yield f"tif-xmp-undefined-{compression}/{name}", tif({700: (7, xmp)}, compression)
            yield f"tif-xmp-and-tag-{compression}/{name}", tif({274: (3, 3), 700: (1, xmp)}, compression)
    yield "jpg-xmp/twice", jpg([], [b'tiff:Orientation="3"', b'tiff:Orientation="6"'])
    yield "webp-xmp/no-flag", webp([(b"XMP ", b'tiff:Orientation="6"')], 0)
    for value in range(10):
        yield f"tif/short-{value}", tif({274: (3, value)}, "raw")
        yield f"tif/long-{value}", tif({274: (4, value)}, "raw")
        if 1 <= value <= 8:
            yield f"tif-lzw/short-{value}", tif({274: (3, value)}, "tiff_lzw")


def main(out):
    warnings.simplefilter("ignore")
    with open(out, "wb") as records:
        for name, file in files():
            record(records, name, file, opened(file, turned=True) or opened(file))


if __name__ == "__main__":
    main(sys.argv[1])
