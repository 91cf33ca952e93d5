"""Files of every format, whole and damaged, with what Pillow makes of them.

    python3 files.py OUT [SEED]

OUT gets one record after the other. A record is the file's name, its bytes, whether Pillow opens it, and if it does,
whether it is gray, width, height and RGB bytes. Names and bytes have their lengths before them, as little-endian 32-bit
numbers.
"""

import io
import random
import struct
import sys
import warnings
import zlib

import numpy as np
from PIL import Image, ImageOps

from tiff import tiff

WHOLE = {"jpg": 1400, "png": 900, "gif": 300, "bmp": 300, "pnm": 200, "webp": 300, "tif": 600}
DAMAGED = {"jpg": 2800, "png": 1000, "gif": 400, "bmp": 400, "pnm": 300, "webp": 100, "tif": 1000}


class Maker:
    """Makes files from its own random numbers, so that a run can be repeated."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.numbers = np.random.default_rng(seed)

    def chance(self, probability):
        return self.random.random() < probability

    def size(self):
        last = 40 if self.chance(0.9) else 120
        return self.random.randint(1, last), self.random.randint(1, last)

    def values(self, *shape, last=255):
        return self.numbers.integers(0, last + 1, shape)

    def picture(self, width, height):
        """Noise, or a smooth picture with edges, as photographs have them."""
        if self.chance(0.25):
            return Image.fromarray(self.values(height, width, 3).astype(np.uint8))
        y, x = np.mgrid[:height, :width]
        a, b, c = self.values(3, last=9) + 1
        waves = [128 + 120 * np.sin(x / a + y / b + i * c) for i in range(3)]
        pixels = np.stack(waves, axis=-1) + 40 * ((x * a + y * b) // 37 % 2)[..., None]
        return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))

    def saved(self, image, kind, **options):
        out = io.BytesIO()
        image.save(out, kind, **options)
        return out.getvalue()

    def jpg(self):
        mode = self.random.choice(["RGB", "RGB", "RGB", "L", "CMYK"])
        options = {"quality": self.random.choice([1, 10, 50, 75, 90, 95, 100])}
        if mode == "RGB":
            options["subsampling"] = self.random.choice(["4:4:4", "4:2:2", "4:2:0", "4:1:1", "4:4:0"])
            if self.chance(0.1):
                options = {"quality": options["quality"], "keep_rgb": True}
        options["progressive"] = self.chance(0.4)
        options["optimize"] = self.chance(0.3)
        if self.chance(0.3):
            options["restart_marker_blocks"] = self.random.randint(1, 9)
        image = self.picture(*self.size()).convert(mode)
        try:
            return self.saved(image, "JPEG", **options)
        except (OSError, TypeError):
            # Some versions know fewer names of subsampling.
            options["subsampling"] = 2
            return self.saved(image, "JPEG", **options)

    def png(self):
        """Every color type, depth and filter, interlaced or not, in several chunks; some without their last chunk."""
        width, height = self.size()
        kinds = [(0, b) for b in (1, 2, 4, 8, 16)] + [(3, b) for b in (1, 2, 4, 8)]
        kind, bits = self.random.choice(kinds + [(k, b) for k in (2, 4, 6) for b in (8, 16)])
        channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[kind]
        pixels = self.values(height, width, channels, last=(1 << bits) - 1)
        if self.chance(0.5):
            slope = np.add.outer(np.arange(height), np.arange(width))[..., None]
            pixels = (slope * 3 + np.arange(channels)) % (1 << bits)
        interlaced = self.chance(0.4)
        passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
        raw = b""
        for left, top, right, down in passes if interlaced else [(0, 0, 1, 1)]:
            part = pixels[top::down, left::right]
            if part.size:
                raw += self.filtered([packed(row.ravel(), bits) for row in part], max(1, channels * bits // 8))
        header = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, interlaced)
        out = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
        if self.chance(0.2):
            out += chunk(b"tEXt", b"Comment\0words")
        if kind == 3:
            out += chunk(b"PLTE", self.values(3 * self.random.randint(1, 1 << bits)).astype(np.uint8).tobytes())
        if self.chance(0.3):
            clear = {0: struct.pack(">H", self.random.randrange(1 << bits)), 2: bytes(6), 3: bytes([0, 255, 128])}
            out += chunk(b"tRNS", clear[kind]) if kind in clear else b""
        data = zlib.compress(raw, self.random.choice([0, 1, 6, 9]))
        parts = self.random.choice([1, 1, 3])
        cuts = [len(data) * i // parts for i in range(parts + 1)]
        out += b"".join(chunk(b"IDAT", data[a:b]) for a, b in zip(cuts, cuts[1:]))
        return out + (chunk(b"IEND", b"") if self.chance(0.9) else b"")

    def filtered(self, rows, step):
        out, above = b"", None
        for row in rows:
            row = np.frombuffer(row, np.uint8).astype(int)
            above = np.zeros_like(row) if above is None else above
            shifted = [np.concatenate([np.zeros(step, int), r])[: len(r)] for r in (row, above)]
            left, corner = shifted
            near = left + above - corner
            distances = [abs(near - v) for v in (left, above, corner)]
            nearest = np.where(
                (distances[0] <= distances[1]) & (distances[0] <= distances[2]),
                left,
                np.where(distances[1] <= distances[2], above, corner),
            )
            kind = self.random.randrange(5)
            guess = [0, left, above, (left + above) // 2, nearest][kind]
            out += bytes([kind]) + ((row - guess) & 255).astype(np.uint8).tobytes()
            above = row
        return out

    def gif(self):
        width, height = self.size()
        mode = self.random.choice(["P", "P", "L", "1"])
        image = self.picture(width, height)
        image = image.quantize(self.random.choice([2, 3, 16, 200, 256])) if mode == "P" else image.convert(mode)
        options = {"interlace": int(self.chance(0.5))}
        if self.chance(0.3):
            options["transparency"] = self.random.randrange(4)
        if self.chance(0.2):
            options.update(save_all=True, append_images=[self.picture(width, height) for _ in range(2)])
        out = bytearray(self.saved(image, "GIF", **options))
        frame = out.find(b"," + bytes(4) + struct.pack("<HH", width, height))
        if self.chance(0.3) and frame > 0:
            # A larger screen, and the frame somewhere in it or across its border.
            right, down = self.random.randrange(9), self.random.randrange(9)
            out[6:10] = struct.pack("<HH", width + right, height + down)
            place = (self.random.randrange(right + 3), self.random.randrange(down + 3))
            out[frame + 1 : frame + 5] = struct.pack("<HH", *place)
        return bytes(out)

    def bmp(self):
        width, height = self.size()
        bits = self.random.choice([1, 4, 8, 16, 24, 32])
        header = self.random.choice([12, 40, 40, 52, 56, 64, 108, 124])
        is_top_down = self.chance(0.3) and header != 12
        compression, masks, palette, colors = 0, b"", b"", 0
        if bits >= 16 and header != 12 and self.chance(0.6):
            compression = 3
            known = {
                16: [(0xF800, 0x7E0, 0x1F, 0), (0x7C00, 0x3E0, 0x1F, 0)],
                24: [(0xFF0000, 0xFF00, 0xFF, 0)],
                32: [
                    (0xFF0000, 0xFF00, 0xFF, 0),
                    (0xFF000000, 0xFF0000, 0xFF00, 0),
                    (0xFF000000, 0xFF00, 0xFF, 0),
                    (0xFF000000, 0xFF0000, 0xFF00, 0xFF),
                    (0xFF, 0xFF00, 0xFF0000, 0xFF000000),
                    (0xFF0000, 0xFF00, 0xFF, 0xFF000000),
                    (0xFF000000, 0xFF00, 0xFF, 0xFF0000),
                    (0, 0, 0, 0),
                    (1, 2, 3, 4),
                ],
            }
            masks = struct.pack("<4I", *self.random.choice(known[bits]))
        if bits <= 8:
            colors = self.random.choice([0, 0, 1 << bits, self.random.randint(1, 1 << bits)])
            count = colors if colors and header != 12 else 1 << bits
            table = self.values(count, 3)
            if self.chance(0.3):
                table = np.repeat((np.array([0, 255]) if count == 2 else np.arange(count))[:, None], 3, 1)
            padding = b"" if header == 12 else b"\0"
            palette = b"".join(bytes(int(v) for v in color) + padding for color in table)
            if header != 12 and bits in (4, 8) and self.chance(0.4):
                compression = 2 if bits == 4 else 1
        if compression in (1, 2):
            data = self.runs(width, height, compression == 2)
        else:
            data = self.values(((width * bits + 31) >> 3 & ~3) * height).astype(np.uint8).tobytes()
        if header == 12:
            info = struct.pack("<IHHHH", 12, width, height, 1, bits)
        else:
            stored = -height if is_top_down else height
            counts = (len(data), 2835, 2835, colors, 0)
            info = struct.pack("<IiiHHIIiiII", header, width, stored, 1, bits, compression, *counts)
            info = (info + (masks if header > 40 else b""))[:header].ljust(header, b"\0")
            info += masks[:12] if header == 40 and compression == 3 else b""
        start = 14 + len(info) + len(palette)
        return struct.pack("<2sIHHI", b"BM", start + len(data), 0, 0, start) + info + palette + data

    def runs(self, width, height, is_nibbles):
        data = bytearray()
        for y in range(height):
            x = 0
            while x < width:
                kind, count = self.random.randrange(4), min(self.random.randint(1, 12), width - x)
                if kind == 0 and count >= 3:
                    stored = self.values((count + 1) // 2 if is_nibbles else count).astype(np.uint8).tobytes()
                    data += bytes([0, count]) + stored + b"\0" * (len(stored) % 2)
                elif kind == 1 and count > 1 and x + count < width and y < height - 1:
                    # A gap.
                    data += bytes([0, 2, count, 0])
                else:
                    data += bytes([count, self.random.randrange(256)])
                x += count
            data += b"\0\0" if self.chance(0.95) else b""
        return bytes(data + b"\0\1")

    def pnm(self):
        width, height = self.size()
        kind = self.random.choice("123456")
        channels = 3 if kind in "36" else 1
        last = self.random.choice([255, 255, 1, 3, 100, 254, 256, 1000, 65535])
        comment = b"# words\n" if self.chance(0.3) else b""
        head = b"P" + kind.encode() + self.random.choice([b"\n", b" ", b"\t"]) + comment + b"%d %d\n" % (width, height)
        if kind in "14":
            bits = self.values(height, width, last=1)
            if kind == "4":
                return head + np.packbits(bits.astype(np.uint8), axis=1).tobytes()
            between = self.random.choice([b"", b" "])
            return head + b"\n".join(between.join(b"%d" % v for v in row) for row in bits)
        head += b"%d\n" % last
        values = self.values(height, width * channels, last=last)
        if kind in "56":
            return head + values.astype(">u2" if last > 255 else np.uint8).tobytes()
        ends = [b" # words" if self.chance(0.1) else b"" for _ in range(height)]
        return head + b"\n".join(b" ".join(b"%d" % v for v in row) + end for row, end in zip(values, ends))

    def webp(self):
        width, height = self.size()
        image = self.picture(width, height)
        options = {"quality": self.random.choice([1, 50, 80, 100]), "lossless": self.chance(0.3)}
        if self.chance(0.4):
            image.putalpha(Image.fromarray(self.numbers.choice([0, 128, 255], (height, width)).astype(np.uint8)))
            options["exact"] = self.chance(0.5)
        if self.chance(0.1):
            options.update(save_all=True, append_images=[image.transpose(Image.Transpose.ROTATE_180)])
        file = self.saved(image, "WEBP", **options)
        is_still = "save_all" not in options
        return self.animated(file, width, height) if is_still and self.chance(0.3) else file

    def animated(self, file, width, height):
        """The image as the first frame of an animation, somewhere on a canvas, with every wish for blending."""
        place = [2 * self.random.randrange(4) for _ in range(2)]
        sides = [side + at + self.random.randrange(3) for side, at in zip((width, height), place)]
        three = [number.to_bytes(3, "little") for number in (place[0] // 2, place[1] // 2, width - 1, height - 1, 50)]
        image = file[12:] if file[12:16] != b"VP8X" else file[30:]
        frame = b"".join(three) + bytes([self.random.randrange(4)]) + image
        head = bytes([2 | self.random.choice([0, 16]), 0, 0, 0]) + b"".join((s - 1).to_bytes(3, "little") for s in sides)
        body = riff(b"VP8X", head) + riff(b"ANIM", self.numbers.bytes(4) + bytes(2))
        body += riff(b"ANMF", frame) * self.random.choice([1, 2])
        return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body

    def tif(self):
        """Most are written by hand, and some by Pillow."""
        if self.chance(0.75):
            return tiff(self)
        width, height = self.size()
        mode = self.random.choice(["1", "L", "LA", "RGB", "RGBA", "P", "I;16"])
        image = self.picture(width, height)
        if mode == "P":
            image = image.quantize(self.random.choice([2, 5, 16, 256]))
        elif mode == "I;16":
            image = Image.fromarray(self.values(height, width, last=65535).astype(np.uint16))
        else:
            image = image.convert(mode)
        compression = self.random.choice(["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"])
        tags = {}
        if compression != "raw" and self.chance(0.3):
            tags[278] = self.random.randint(1, height)
        if compression in ("tiff_lzw", "tiff_adobe_deflate") and mode in ("L", "RGB", "I;16") and self.chance(0.3):
            tags[317] = 2
        if mode in ("L", "P") and self.chance(0.2):
            tags[284] = 2
        return self.saved(image, "TIFF", compression=compression, tiffinfo=tags)

    def damaged(self, file):
        """Flips bits, sets bytes to marks, cuts, leaves out, puts in; often in the header."""
        file = bytearray(file)
        kind = self.random.randrange(8)
        if kind < 3:
            for _ in range(self.random.choice([1, 1, 2, 5])):
                file[self.random.randrange(len(file))] ^= 1 << self.random.randrange(8)
        elif kind == 3:
            for _ in range(self.random.choice([1, 1, 2, 5])):
                marks = [0, 255, 0xD9, 0xD8, 0xDA, self.random.randrange(256)]
                file[self.random.randrange(len(file))] = self.random.choice(marks)
        elif kind == 4:
            del file[self.random.randrange(len(file)) :]
        elif kind == 5:
            at = self.random.randrange(len(file))
            del file[at : at + self.random.randint(1, 20)]
        elif kind == 6:
            at = self.random.randrange(len(file))
            file[at:at] = bytes(self.random.randrange(256) for _ in range(self.random.randint(1, 8)))
        else:
            at = self.random.randrange(min(len(file), 700))
            file[at] = self.random.choice([0, 255, 1, self.random.randrange(256)])
        return bytes(file)


def chunk(name, contents):
    return struct.pack(">I", len(contents)) + name + contents + struct.pack(">I", zlib.crc32(name + contents))


def riff(name, contents):
    return name + struct.pack("<I", len(contents)) + contents + b"\0" * (len(contents) % 2)


def packed(values, bits):
    if bits >= 8:
        return values.astype(">u2" if bits == 16 else np.uint8).tobytes()
    each = np.unpackbits(values.astype(np.uint8)[:, None], axis=1)[:, 8 - bits :]
    return np.packbits(each.ravel()).tobytes()


GRAY = ("1", "L", "LA", "La", "I", "I;16", "I;16B", "F")


def opened(file, turned=False):
    """Whether the image is gray, width, height and RGB bytes; None if Pillow refuses the file.

    Of gray with more than 8 bits we take the high byte, where Pillow's `convert` cuts at 255.
    """
    try:
        image = Image.open(io.BytesIO(file))
        is_gray = image.mode in GRAY
        image = ImageOps.exif_transpose(image) if turned else image
        if image.mode in ("I", "I;16", "I;16B"):
            high = np.asarray(image).astype(np.int64) >> 8
            image = Image.fromarray(high.astype(np.uint8))
        image = image.convert("RGB")
    except Exception:
        return None
    return is_gray, image.width, image.height, image.tobytes()


def record(records, name, file, result):
    for part in (name.encode(), file):
        records.write(struct.pack("<I", len(part)) + part)
    records.write(struct.pack("<B", result is not None))
    if result:
        records.write(struct.pack("<BII", *result[:3]) + result[3])


def main(out, seed):
    warnings.simplefilter("ignore")
    maker = Maker(seed)
    with open(out, "wb") as records:
        for kind in WHOLE:
            files = [getattr(maker, kind)() for _ in range(WHOLE[kind])]
            for i, file in enumerate(files):
                record(records, f"whole/{i}.{kind}", file, opened(file))
            for i in range(DAMAGED.get(kind, 0)):
                file = maker.damaged(maker.random.choice(files))
                record(records, f"damaged/{i}.{kind}", file, opened(file))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1)
