"""Examples: the operations that each file of `src/ops` declares as `EXAMPLES`, as plans have them."""

import json
import pathlib
import re

FOLDER = pathlib.Path(__file__).resolve().parent.parent.parent / "src" / "ops"


def value(text):
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def operation(text):
    name, _, rest = text.partition("(")
    parameters = re.findall(r"(\w+)=(\[[^\]]*\]|[^,)]+)", rest)
    return {"op": name} | {parameter: value(text) for parameter, text in parameters}


def every():
    """The examples of each operation, by its name."""
    examples = {}
    for path in sorted(FOLDER.glob("*.rs")):
        for block in re.findall(r"EXAMPLES\b[^=;]*= &\[(.*?)\];", path.read_text(), re.DOTALL):
            # AugMix's have text inside text; policies do not have it.
            for text in [] if 'r#"' in block else re.findall(r'"([^"]+)"', block):
                op = operation(text)
                examples.setdefault(op["op"], []).append(op)
    for ops in examples.values():
        # Text has 1 for 1.0: a parameter that is a fraction in one example is a float in all.
        for parameter in ops[0]:
            if any(isinstance(op.get(parameter), float) for op in ops):
                for op in ops:
                    op[parameter] = float(op[parameter])
    return examples


EXAMPLES = every()
