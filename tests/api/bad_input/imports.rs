//! Policies from Python code.

use autoaugment::Policy;
use autoaugment::policy::Framework;

use super::{Case, call};

fn import(framework: Framework, text: &str) -> Result<(), autoaugment::Error> {
    call(Policy::import(text, framework))
}

pub fn imports() -> Vec<Case> {
    use Framework::{Dali, DeepVoltaire, FastAutoAugment, Kornia, Timm, Torchvision};
    let torch = |text| import(Torchvision, text);
    vec![
        ("nothing", torch(""), "line 1, column 1: policy: there is no list"),
        ("no sub-policies", torch("x = [ ]"), "line 1, column 5: the policy has no sub-policies"),
        ("no steps", torch("[[('Invert', 1, 2)],\n  []]"), "line 2, column 3: the sub-policy has no steps"),
        ("a number", torch("7"), "line 1, column 1: policy: a policy is a list of sub-policies; the forms are ..."),
        (
            "a name",
            torch("'imagenet'"),
            "line 1, column 1: policy: a policy is a list of sub-policies; the forms are ...",
        ),
        (
            "a number in it",
            torch("[[('Invert', 1, 2)], 3]"),
            "line 1, column 22: policy: a sub-policy is a list of steps; the forms are ...",
        ),
        (
            "a step in place of a sub-policy",
            torch("('Rotate', 1, 2)"),
            "line 1, column 2: policy: a sub-policy is a list of steps; the forms are ...",
        ),
        (
            "a pair",
            torch("[[('Rotate', 1)]]"),
            "line 1, column 3: policy: a step is (operation, probability, magnitude), and this has 2; the forms are ...",
        ),
        (
            "four",
            torch("[[\n ('Rotate', 1, 2, 3)]]"),
            "line 2, column 2: policy: a step is (operation, probability, magnitude), and this has 4; the forms are ...",
        ),
        ("no name", torch("[[(1, 1, 2)]]"), "line 1, column 4: policy: an operation is a name; the forms are ..."),
        (
            "an unknown operation",
            torch("[[('Rotat', 1, 2)]]"),
            "line 1, column 4: unknown operation `Rotat`; did you mean `Rotate`?",
        ),
        ("another's operation", torch("[[('Cutout', 1, 2)]]"), "line 1, column 4: unknown operation `Cutout`"),
        (
            "another's spelling",
            import(Kornia, "[[('ShearX', 1, 2)]]"),
            "line 1, column 4: unknown operation `ShearX`; did you mean `shear_x`?",
        ),
        (
            "a probability above 1",
            torch("[[('Rotate', 0.5, 2),\n  ('Rotate', 1.5, 2)]]"),
            "line 2, column 14: Rotate: probability 1.5 is outside 0..=1",
        ),
        (
            "no probability",
            torch("[[('Rotate', None, 2)]]"),
            "line 1, column 14: policy: Rotate: the probability is a number",
        ),
        (
            "a name for a number",
            torch("[[('Rotate', 1, nine)]]"),
            "line 1, column 17: policy: Rotate: the magnitude is a number, or None",
        ),
        (
            "no magnitude",
            torch("[[('Rotate', 1, None)]]"),
            "line 1, column 17: policy: Rotate: the magnitude is None, and it needs one",
        ),
        ("magnitude 10", torch("[[('Rotate', 1, 10)]]"), "line 1, column 17: Rotate: magnitude 10 is outside 0..=9"),
        (
            "magnitude -1",
            import(Dali, "[[(rotate, 1, -1)]]"),
            "line 1, column 15: Rotate: magnitude -1 is outside 0..=10",
        ),
        (
            "magnitude 1e999",
            import(Timm, "[[('Rotate', 1, 1e999)]]"),
            "line 1, column 17: Rotate: magnitude inf is outside 0..=10",
        ),
        (
            "a fraction",
            torch("[[('Rotate', 1, 0.5)]]"),
            "line 1, column 17: Rotate: magnitude 0.5 is not a whole number, and torchvision has whole magnitudes only",
        ),
        (
            "a digit",
            import(FastAutoAugment, "[[('Rotate', 1, 2)]]"),
            "line 1, column 17: Rotate: magnitude 2 is outside 0..=1",
        ),
        (
            "timm's pixels",
            import(Timm, "[[('TranslateX', 1, 2)]]"),
            "line 1, column 4: policy: timm's `TranslateX` shifts by pixels that timm's caller sets; only `TranslateXRel` says how far",
        ),
        (
            "timm's blurs",
            import(Timm, "[[('GaussianBlur', 1, 2), ('GaussianBlurRand', 1, 10)]]"),
            "line 1, column 28: policy: no timm convention has `GaussianBlurRand` and the names before it",
        ),
        (
            "names of two conventions",
            import(Timm, "[[('PosterizeOriginal', 1, 2), ('ColorIncreasing', 1, 2)]]"),
            "line 1, column 33: policy: no timm convention has `ColorIncreasing` and the names before it",
        ),
        ("an open bracket", torch("[\n  [('Rotate', 1, 2),\n"), "line 2, column 3: policy: `[` is never closed"),
        (
            "code",
            torch("[[f(x)]]"),
            "line 1, column 3: policy: a step is (operation, probability, magnitude); the forms are ...",
        ),
        (
            "JSON of ours",
            torch("{\"version\": 1}"),
            "line 1, column 1: policy: a policy is a list of sub-policies; ...",
        ),
        (
            "a call with two values",
            import(DeepVoltaire, "[SubPolicy(0.4, 'rotate')]"),
            "line 1, column 2: policy: a call has three values for each step and a fill, and this has 2; the forms are ...",
        ),
        (
            "a call with a number that is no fill",
            import(DeepVoltaire, "[SubPolicy(0.4, 'rotate', 8, 0.6)]"),
            "line 1, column 2: policy: a call has three values for each step and a fill, and this has 4; the forms are ...",
        ),
        (
            "an argument of another class",
            import(DeepVoltaire, "[SubPolicy(0.4, 'rotate', 8, bias=1)]"),
            "line 1, column 35: policy: `bias` is no argument that is read; the forms are ...",
        ),
        (
            "degrees in place of a magnitude",
            torch("[[dict(type='Rotate', angle=30, prob=0.6)]]"),
            "line 1, column 29: policy: a step has an operation (type, op, name, operation, method), a probability \
             (prob, probability, p), a magnitude (magnitude, magnitude_idx, level, mag), and no `angle`",
        ),
        (
            "a dictionary without a probability",
            torch("[[{'type': 'Rotate', 'magnitude': 3}]]"),
            "line 1, column 3: policy: a step has an operation, a probability and a magnitude; `prob` is missing",
        ),
        (
            "a dictionary with two",
            torch("[[{'type': 'Rotate', 'p': 1, 'prob': 1, 'magnitude': 3}]]"),
            "line 1, column 38: policy: a step has one `prob`",
        ),
        (
            "two policies",
            torch("def a():\n  return [[('Rotate', 1, 2)]]\n\ndef b():\n  return [[('Rotate', 1, 3)]]"),
            "line 5, column 3: policy: this may be a second policy; give the code of one alone",
        ),
        (
            "bits of OpenMMLab, which are no magnitude",
            torch("policy_imagenet = [[dict(type='Posterize', bits=4, prob=0.4)]]"),
            "line 1, column 49: policy: a step has an operation (type, op, name, operation, method), a probability \
             (prob, probability, p), a magnitude (magnitude, magnitude_idx, level, mag), and no `bits`",
        ),
        (
            "a return of another name",
            torch("a = [[('Rotate', 1, 2)]]\nreturn b"),
            "line 2, column 1: policy: `r` cannot ...",
        ),
    ]
}
