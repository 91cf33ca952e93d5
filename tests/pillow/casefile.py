"""Case file: images, operations and what Pillow makes of them, in the form that the Rust tests read.

8 bytes `autoaug1`, the length of the JSON as 8 bytes (little end first), the JSON, then the bytes it points into. All
of it may be compressed with zlib. The JSON:

    made_by     versions of Pillow, NumPy, Python and the machine
    seed        of random cases, else null
    pictures    {name, width, height, channels, source, sha256}; source is {"stored": offset}, {"splitmix64": seed},
                or {"photo": path}
    ops         {op, why}: an operation as plans have it, and which magnitudes it stands for
    cases       [picture, partner or null, [index of an operation, ...], expected]; expected is an offset, or the first
                16 digits of the SHA-256 of the bytes
    why         of each case which scheme drew it; where no scheme did, there is none
    magnitudes  [convention, operation, magnitude, negative, width, height, the operation as plans have it]
"""

import hashlib
import json
import zlib

MAGIC = b"autoaug1"


def digest(data):
    return hashlib.sha256(data).hexdigest()[:16]


class Writer:
    """Collects cases. Equal operations and equal bytes are kept once."""

    def __init__(self, versions, seed=None):
        self.header = {
            "made_by": versions, "seed": seed, "pictures": [], "ops": [], "cases": [], "magnitudes": []
        }
        self.blob = bytearray()
        self.offsets = {}
        self.op_numbers = {}

    def store(self, data):
        if data not in self.offsets:
            self.offsets[data] = len(self.blob)
            self.blob += data
        return self.offsets[data]

    def picture(self, name, image, source=None):
        data = image.tobytes()
        self.header["pictures"].append({
            "name": name,
            "width": image.width,
            "height": image.height,
            "channels": len(image.getbands()),
            "source": source or {"stored": self.store(data)},
            "sha256": digest(data),
        })
        return len(self.header["pictures"]) - 1

    def op(self, op, why=""):
        key = json.dumps(op)
        if key not in self.op_numbers:
            self.op_numbers[key] = len(self.header["ops"])
            self.header["ops"].append({"op": op, "why": why})
        return self.op_numbers[key]

    def case(self, picture, partner, ops, result, whole):
        """`whole` keeps the bytes, else their digest."""
        data = result.tobytes()
        self.header["cases"].append([picture, partner, ops, self.store(data) if whole else digest(data)])

    def bytes(self):
        header = json.dumps(self.header, separators=(",", ":")).encode()
        return MAGIC + len(header).to_bytes(8, "little") + header + bytes(self.blob)


def read(path):
    """The JSON and the bytes of a case file."""
    data = path.read_bytes()
    if not data.startswith(MAGIC):
        data = zlib.decompress(data)
    end = 16 + int.from_bytes(data[8:16], "little")
    return json.loads(data[16:end]), data[end:]
