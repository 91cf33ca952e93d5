"""TIFFs of every form, written by hand, because Pillow writes few forms and no tiles.

`tiff(maker)` is a file that the maker's random numbers choose. Some are of forms that Pillow refuses.
"""

import struct
import zlib

import numpy as np

# Meaning, bits of each value, extra values, and how often.
FORMS = [
    *[(meaning, (bits,), (), 2) for meaning in (0, 1, 3) for bits in (1, 2, 4, 8)],
    *[(meaning, (16,), (), 2) for meaning in (0, 1)],
    *[(1, (8, 8), (extra,), 2) for extra in (0, 1, 2)],
    *[(3, (8, 8), (extra,), 2) for extra in (0, 1, 2)],
    *[(2, (8,) * count, (), 4) for count in (3, 4)],
    *[(2, (8,) * (3 + more), (extra,) + (0,) * (more - 1), 2) for more in (1, 2, 3) for extra in (0, 1, 2)],
    (2, (8,) * 4, (999,), 1),
    *[(2, (16,) * count, (), 3) for count in (3, 4)],
    *[(2, (16,) * 4, (extra,), 2) for extra in (0, 1, 2)],
    *[(5, (8,) * (4 + more), (0,) * more, 2) for more in (0, 1, 2)],
    (5, (16,) * 4, (), 2),
    (6, (8,), (), 1),
    # These Pillow refuses.
    (0, (8, 8), (2,), 1),
    (1, (16, 16), (2,), 1),
    (1, (8, 8, 8), (0, 0), 1),
    (1, (8, 8), (), 1),
    (2, (8, 8), (), 1),
    (2, (4, 4, 4), (), 1),
    (2, (8, 8, 16), (), 1),
    (2, (16,) * 5, (0, 0), 1),
    (3, (16,), (), 1),
    (4, (1,), (), 1),
]
COMPRESSIONS = [1, 1, 1, 5, 5, 8, 8, 32946, 32773]


def tiff(maker):
    random = maker.random
    width, height = maker.size()
    order = random.choice("<>")
    meaning, bits, extra, _ = random.choices(FORMS, [form[3] for form in FORMS])[0]
    compression = random.choice(COMPRESSIONS)
    pixels = values(maker, height, width, len(bits), min(bits))
    tags = {256: (4, [width]), 257: (4, [height]), 258: (3, bits), 259: (3, [compression]), 262: (3, [meaning])}
    tags[277] = (3, [len(bits)])
    if extra:
        tags[338] = (3, extra)
    if meaning == 3:
        count = 1 << bits[0] if bits[0] <= 8 else 256
        tags[320] = (3, maker.values(3 * count, last=65535).tolist())
    if meaning == 1 and bits == (8,) and maker.chance(0.1):
        tags[339] = (3, [2])
    is_reversed = maker.chance(0.1)
    if is_reversed:
        tags[266] = (3, [2])
    if maker.chance(0.15):
        tags[274] = (3, [random.randint(0, 9)])
    predicted = maker.chance(0.4) and compression in (5, 8, 32946) and min(bits) >= 8
    if predicted or maker.chance(0.02):
        tags[317] = (3, [2])
    is_tiled = maker.chance(0.5)
    if is_tiled:
        across, down = (random.choice([16, 16, 32, 48, 20, 12]) for _ in range(2))
        tags |= {322: (4, [across]), 323: (4, [down])}
    else:
        across, down = width, random.choice([height, random.randint(1, height), random.randint(1, height)])
        if down < height or maker.chance(0.5):
            tags[278] = (4, [down])
    parts = []
    for y in range(0, height, down):
        for x in range(0, width, across):
            part = pixels[y : y + down, x : x + across]
            if is_tiled:
                edge = [(0, down - part.shape[0]), (0, across - part.shape[1]), (0, 0)]
                part = np.pad(part, edge, "edge" if maker.chance(0.5) else "constant")
            if predicted:
                part = np.concatenate([part[:, :1], np.diff(part, axis=1)], axis=1) % (1 << bits[0])
            part = compressed(maker, [row_bytes(row, bits, order) for row in part], compression)
            parts.append(bytes(int(f"{byte:08b}"[::-1], 2) for byte in part) if is_reversed else part)
    return written(order, tags, parts, is_tiled)


def values(maker, height, width, count, bits):
    """Noise, or rows that are alike, as compressions take them."""
    if maker.chance(0.4):
        return maker.values(height, width, count, last=(1 << bits) - 1)
    slope = np.add.outer(np.arange(height) // 3, np.arange(width) // 4)[..., None]
    return (slope * 5 + np.arange(count) * 3) % (1 << bits)


def row_bytes(row, bits, order):
    if len(set(bits)) > 1:
        forms = [(order + "BH"[bit // 16], value) for pixel in row for bit, value in zip(bits, pixel)]
        return b"".join(struct.pack(form, value) for form, value in forms)
    if bits[0] >= 8:
        return row.astype(order + "u2" if bits[0] == 16 else np.uint8).tobytes()
    each = np.unpackbits(row.reshape(-1, 1).astype(np.uint8), axis=1)[:, 8 - bits[0] :]
    return np.packbits(each.ravel()).tobytes()


def compressed(maker, rows, compression):
    if compression == 5:
        return lzw(b"".join(rows))
    if compression in (8, 32946):
        return zlib.compress(b"".join(rows), maker.random.choice([0, 1, 6, 9]))
    if compression == 32773:
        return b"".join(packbits(row) for row in rows)
    return b"".join(rows)


def packbits(row):
    out, at = b"", 0
    while at < len(row):
        run = 1
        while run < 128 and row[at : at + run + 1] == row[at : at + 1] * (run + 1):
            run += 1
        if run > 1:
            out += struct.pack("bB", 1 - run, row[at])
            at += run
            continue
        start = at
        while at < len(row) and at - start < 128 and row[at : at + 2] != row[at : at + 1] * 2:
            at += 1
        out += bytes([at - start - 1]) + row[start:at]
    return out


def lzw(data):
    """Codes of 9 to 12 bits, the highest bits first; the width grows one code early."""
    bits, count, out = 0, 0, bytearray()
    width, table = 9, {bytes([i]): i for i in range(256)}

    def put(code):
        nonlocal bits, count
        bits, count = bits << width | code, count + width
        while count >= 8:
            count -= 8
            out.append(bits >> count & 255)
        bits &= (1 << count) - 1

    put(256)
    text = b""
    following = 258
    for byte in data:
        longer = text + bytes([byte])
        if longer in table:
            text = longer
            continue
        put(table[text])
        table[longer] = following
        following += 1
        width += following >> width
        text = bytes([byte])
        if following >= 4094:
            put(table[text])
            text = b""
            put(256)
            width, table, following = 9, {bytes([i]): i for i in range(256)}, 258
    if text:
        put(table[text])
        width += following + 1 >> width
    put(257)
    return bytes(out) + (bytes([bits << 8 - count & 255]) if count else b"")


def written(order, tags, parts, is_tiled):
    """A file with its pixels first and its directory behind, or the other way around."""
    offsets, lengths = (324, 325) if is_tiled else (273, 279)
    start = 8
    places = [start + sum(map(len, parts[:i])) for i in range(len(parts))]
    tags = tags | {offsets: (4, places), lengths: (4, [len(part) for part in parts])}
    body = b"".join(parts)
    body += b"\0" * (len(body) % 2)
    directory, extra = start + len(body), b""
    entries = struct.pack(order + "H", len(tags))
    behind = directory + 2 + 12 * len(tags) + 4
    for tag, (kind, numbers) in sorted(tags.items()):
        stored = struct.pack(f"{order}{len(numbers)}{'?BBHIxB'[kind]}", *numbers)
        if len(stored) > 4:
            place = struct.pack(order + "I", behind + len(extra))
            extra += stored + b"\0" * (len(stored) % 2)
        else:
            place = stored.ljust(4, b"\0")
        entries += struct.pack(order + "HHI", tag, kind, len(numbers)) + place
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, directory)
    return head + body + entries + bytes(4) + extra
