//! What has no translation is refused by its name, and what is no WGSL by naga's words.

use super::translate;

#[test]
fn what_has_no_translation_is_named() {
    let storage = "@group(0) @binding(0) var<storage, read_write> b: array<f32>;";
    let entry = |body: &str| format!("{storage}\n@compute @workgroup_size(1) fn main() {{ {body} }}");
    for (text, part) in [
        (entry("b[0] = sin(b[1]);"), "the function Sin has no translation"),
        (entry("b[0] = (mat2x2<f32>(b[0], b[1], b[2], b[3]) * vec2<f32>(1.0)).x;"), "has no translation"),
        ("fn f() {}".to_string(), "expected 1 entry point, got 0"),
        (entry("b[0] = nothing;"), "nothing"),
        (entry("b[0] = 1u;"), "u32"),
        (
            format!(
                "{storage}\n@compute @workgroup_size(1) fn main(@builtin(num_subgroups) n: u32) {{ b[0] = f32(n); }}"
            ),
            "subgroup",
        ),
    ] {
        let error = translate(&text).unwrap_err().to_string();
        assert!(error.starts_with("WGSL for CUDA: "), "{error}");
        assert!(error.to_lowercase().contains(&part.to_lowercase()), "{part} is not in\n{error}");
    }
}
