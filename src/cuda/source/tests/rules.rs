//! Arithmetic, control flow and what threads do together.

use super::{once, run};

/// An expression of `x` and `y` for each pair, as words.
fn of_pairs(ty: &str, expression: &str, pairs: &[(u32, u32)]) -> Vec<u32> {
    let input: Vec<u32> = pairs.iter().flat_map(|&(x, y)| [x, y]).collect();
    let body = format!(
        "for (var i = 0u; i < {}u; i++) {{ let x = bitcast<{ty}>(a[2u * i]); let y = bitcast<{ty}>(a[2u * i + 1u]); \
         b[i] = bitcast<u32>({expression}); }}",
        pairs.len()
    );
    once("", &body, &input, pairs.len())
}

const MINUS_ONE: u32 = u32::MAX;
const LOWEST: u32 = 1 << 31;

#[test]
fn signed_numbers_wrap_around() {
    let pairs = [(i32::MAX as u32, 1), (LOWEST, MINUS_ONE), (0x7fff_0001, 0x7fff_0001), (LOWEST, LOWEST)];
    let wrapped = |f: fn(i32, i32) -> i32| pairs.map(|(x, y)| f(x as i32, y as i32) as u32);
    assert_eq!(of_pairs("i32", "x + y", &pairs), wrapped(i32::wrapping_add));
    assert_eq!(of_pairs("i32", "x - y", &pairs), wrapped(i32::wrapping_sub));
    assert_eq!(of_pairs("i32", "x * y", &pairs), wrapped(i32::wrapping_mul));
    assert_eq!(of_pairs("i32", "-x", &pairs), wrapped(|x, _| x.wrapping_neg()));
    assert_eq!(of_pairs("i32", "abs(x)", &pairs), wrapped(|x, _| x.wrapping_abs()));
}

#[test]
fn a_quotient_that_does_not_exist_is_the_dividend() {
    let pairs = [(7, 0), (LOWEST, MINUS_ONE), ((-7i32) as u32, 2), (7, (-2i32) as u32), (LOWEST, 0)];
    let signed = |words: [i32; 5]| words.map(|word| word as u32);
    assert_eq!(of_pairs("i32", "x / y", &pairs), signed([7, i32::MIN, -3, -3, i32::MIN]));
    assert_eq!(of_pairs("i32", "x % y", &pairs), signed([0, 0, -1, 1, 0]));
    let pairs = [(7, 0), (MINUS_ONE, 10), (LOWEST, MINUS_ONE)];
    assert_eq!(of_pairs("u32", "x / y", &pairs), [7, 429_496_729, 0]);
    assert_eq!(of_pairs("u32", "x % y", &pairs), [0, 5, LOWEST]);
}

#[test]
fn shift_counts_have_five_bits() {
    let pairs = [(LOWEST + 5, 1), (LOWEST + 5, 33), (1, 31), (MINUS_ONE, 64)];
    assert_eq!(of_pairs("u32", "x << y", &pairs), [10, 10, LOWEST, MINUS_ONE]);
    assert_eq!(of_pairs("u32", "x >> y", &pairs), [(1 << 30) + 2, (1 << 30) + 2, 0, MINUS_ONE]);
    // The sign stays.
    assert_eq!(of_pairs("i32", "x >> bitcast<u32>(y)", &pairs[..2]), [0xc000_0002; 2]);
    assert_eq!(of_pairs("i32", "x << bitcast<u32>(y)", &pairs[..2]), [10; 2]);
}

#[test]
fn conversions_take_the_closest_number_that_both_have() {
    let floats: [f32; 9] = [-1e30, -2147483648.0, -1.9, -0.0, 2.9, 2147483520.0, 2147483648.0, 4294967040.0, 1e30];
    let pairs = floats.map(|float| (float.to_bits(), 0));
    let (high, higher) = (2_147_483_520, 4_294_967_040);
    assert_eq!(of_pairs("f32", "u32(x)", &pairs), [0, 0, 0, 0, 2, high, LOWEST, higher, higher]);
    let signed = [LOWEST, LOWEST, MINUS_ONE, 0, 2, high, high, high, high];
    assert_eq!(of_pairs("f32", "i32(x)", &pairs), signed);
    let whole = [0, 1, MINUS_ONE, 16_777_217, LOWEST, LOWEST + 129].map(|word| (word, 0));
    let as_float = |f: fn(u32) -> f32| whole.map(|(word, _)| f(word).to_bits());
    assert_eq!(of_pairs("u32", "f32(x)", &whole), as_float(|word| word as f32));
    assert_eq!(of_pairs("i32", "f32(x)", &whole), as_float(|word| word as i32 as f32));
    assert_eq!(of_pairs("u32", "u32(bool(x)) + u32(bool(f32(x)))", &whole), [0, 2, 2, 2, 2, 2]);
}

#[test]
fn products_and_sums_are_rounded_one_by_one() {
    // With one rounding the result would be 2^-46 and not 0.
    let x = 1.0f32 + f32::EPSILON;
    let product = x * x;
    let pairs = [(x.to_bits(), product.to_bits())];
    assert_eq!(of_pairs("f32", "x * x - y", &pairs), [0]);
    assert_eq!(of_pairs("f32", "floor(-x)", &pairs), [(-2.0f32).to_bits()]);
    assert_eq!(of_pairs("f32", "x / 3.0", &pairs), [(x / 3.0).to_bits()]);
    // Numbers below the normal ones stay.
    assert_eq!(of_pairs("f32", "x * y", &[(1, 1f32.to_bits())]), [1]);
    assert_eq!(
        of_pairs("f32", "clamp(min(x, y), 1.0, 2.0) + max(x, y)", &[(3f32.to_bits(), 5f32.to_bits())]),
        [7f32.to_bits()]
    );
}

#[test]
fn bits_are_counted_and_combined() {
    let pairs = [(0, 0), (1, 3), (MINUS_ONE, 12), (0xff00, 0x0ff0)];
    assert_eq!(of_pairs("u32", "countLeadingZeros(x)", &pairs), [32, 31, 0, 16]);
    assert_eq!(of_pairs("i32", "countLeadingZeros(x)", &pairs), [32, 31, 0, 16]);
    let combined = pairs.map(|(x, y)| ((x & y) ^ !y) | (x >> 1));
    assert_eq!(of_pairs("u32", "((x & y) ^ ~y) | (x >> 1u)", &pairs), combined);
    assert_eq!(
        of_pairs("u32", "clamp(x, 2u, 9u) + min(x, y) * max(x, 1u)", &pairs),
        [2, 3, 9u32.wrapping_add(12u32.wrapping_neg()), 9 + 0x0ff0u32 * 0xff00]
    );
}

#[test]
fn vectors_are_componentwise() {
    let body = "let v = vec3<u32>(a[0], a[1], a[2]);
        let w = (v.zyx << vec3<u32>(1u)) + 5u;
        let chosen = select(v, w, v > vec3<u32>(2u));
        for (var i = 0u; i < 3u; i++) { b[i] = chosen[i]; }
        var parts = vec4<u32>(v.xy, w.xy);
        parts[1] = 77u; parts.w += 1u;
        for (var i = 0u; i < 4u; i++) { b[3u + i] = parts[i]; }
        b[7] = u32(all(v == v)) + 2u * u32(any(v != v)) + 4u * u32(any((v > vec3<u32>(2u)) & (v < vec3<u32>(4u))));
        let scaled = 2.0 * vec2<f32>(v.xy) * 0.5;
        b[8] = u32(scaled.x) + 10u * u32(scaled.y);
        b[9] = u32(-vec2<i32>(-4, 3).x);
        let i = bitcast<vec2<i32>>(v.xy) - vec2<i32>(9);
        b[10] = bitcast<u32>(i.x / i.y);";
    assert_eq!(once("", body, &[1, 3, 9], 11), [1, 11, 7, 1, 77, 23, 12, 5, 31, 4, 1]);
}

#[test]
fn loops_and_switches_end_where_they_should() {
    let body = "var sum = 0u;
        for (var i = 0u; i < a[0]; i++) {
          if (i == 3u) { continue; }
          switch (i) {
            case 1u, 2u: { sum += 100u; }
            case 4u: { continue; }
            case 5u: { if (sum > 0u) { break; } sum = 0u; }
            default: { sum += 1u; }
          }
          if (i == 8u) { break; }
          sum += 10u;
        }
        b[0] = sum;
        var n = 0u;
        loop { n++; if (n == 2u) { continue; } if (n > 40u) { break; } continuing { n += 3u; break if n > 20u; } }
        b[1] = n;
        while (n > 1u) { n /= 2u; }
        b[2] = n;
        // A variable of a loop begins anew in each round.
        var fresh = 0u;
        for (var i = 0u; i < 3u; i++) { var held: array<u32, 2>; fresh += held[i & 1u]; held[0] = 7u; held[1] = 7u; }
        b[3] = fresh;";
    // Rounds 0, 1, 2, 5, 6, 7 and 8, of which the last leaves.
    assert_eq!(once("", body, &[20], 4), [6 * 10 + 200 + 4, 24, 1, 0]);
}

#[test]
fn functions_change_what_they_are_given_and_what_is_outside() {
    let functions = "var<private> calls: u32 = 5u;
        struct Pair { first: u32, second: array<u32, 2> }
        const TABLE = array<u32, 3>(7u, 8u, 9u);
        fn twice(x: ptr<function, u32>) { *x = 2u * *x; calls++; }
        fn pair_of(x: u32) -> Pair { var pair: Pair; pair.first = x; pair.second[1] = TABLE[x % 3u]; return pair; }
        fn sum(values: array<u32, 3>) -> u32 { var own = values; own[0] += 1u; return own[0] + own[1] + own[2]; }";
    let body = "var x = a[0];
        twice(&x); twice(&x);
        let pair = pair_of(x);
        b[0] = x; b[1] = calls; b[2] = pair.first + pair.second[1] + pair.second[0];
        let values = array<u32, 3>(1u, 2u, 3u);
        b[3] = sum(values) + values[0];
        if (a[0] > 2u && a[1] == 0u || a[0] == 9u) { b[4] = 1u; } else { b[4] = 2u; }
        b[5] = arrayLength(&a);";
    assert_eq!(once(functions, body, &[5, 1], 6), [20, 7, 29, 8, 2, 2]);
}

/// A workgroup reverses its part of the input in its memory, which needs the barrier, and counts with atomics.
const REVERSED: &str = "@group(0) @binding(0) var<storage, read> a: array<u32>;
    @group(0) @binding(1) var<storage, read_write> b: array<atomic<u32>>;
    var<workgroup> part: array<u32, 64>;
    var<workgroup> seen: atomic<u32>;
    var<workgroup> shown: u32;
    @compute @workgroup_size(16, 4)
    fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
            @builtin(local_invocation_index) t: u32, @builtin(local_invocation_id) local: vec3<u32>,
            @builtin(global_invocation_id) place: vec3<u32>) {
      let base = 64u * (group.x + groups.x * (group.y + groups.y * group.z));
      part[t] = a[base + local.x + 16u * local.y];
      if (t == 0u) { atomicStore(&seen, 0u); shown = base; }
      workgroupBarrier();
      atomicAdd(&seen, 1u);
      let same = workgroupUniformLoad(&shown);
      atomicStore(&b[same + t], part[63u - t] + place.x - place.x);
      workgroupBarrier();
      let last = arrayLength(&b) - 8u;
      if (t == 9u) { atomicAdd(&b[last], atomicLoad(&seen)); atomicSub(&b[last + 1u], 1u); }
      atomicMax(&b[last + 2u], a[base + t]);
      atomicMin(&b[last + 3u], ~a[base + t]);
      atomicOr(&b[last + 4u], 1u << (t & 7u));
      atomicXor(&b[last + 5u], t);
      if (t == 0u && group.x == 0u) { let old = atomicExchange(&b[last + 6u], 5u); atomicAnd(&b[last + 7u], old); }
    }";

#[test]
fn threads_share_memory_behind_barriers() {
    let grid = [3, 2, 2];
    let input: Vec<u32> = (0..12 * 64).map(|i| i * 7).collect();
    let got = run(REVERSED, grid, &input, 12 * 64 + 8).unwrap();
    let reversed: Vec<u32> = input.chunks(64).flat_map(|part| part.iter().rev().copied()).collect();
    assert_eq!(got[..768], reversed);
    assert_eq!(got[768..], [768, 0u32.wrapping_sub(12), 767 * 7, 0, 255, 0, 5, 0]);
}

#[test]
fn a_missing_barrier_gives_other_bytes() {
    let input: Vec<u32> = (0..64).collect();
    let without = REVERSED.replacen("workgroupBarrier();", "", 1).replace("workgroupUniformLoad(&shown)", "shown");
    assert_ne!(run(&without, [1; 3], &input, 72).unwrap()[..64], run(REVERSED, [1; 3], &input, 72).unwrap()[..64]);
}

#[test]
fn workgroup_memory_is_not_zero_at_first() {
    let text = "@group(0) @binding(1) var<storage, read_write> b: array<u32>;
        var<workgroup> part: array<u32, 4>;
        @compute @workgroup_size(4) fn main(@builtin(local_invocation_index) t: u32) { b[t] = part[t]; part[t] = 1u; }";
    assert_eq!(run(text, [2, 1, 1], &[0], 4).unwrap(), [0xa5a5_a5a5; 4]);
}

#[test]
fn an_index_outside_is_found() {
    let at = |index: u32, body: &str| {
        let text = format!(
            "@group(0) @binding(0) var<storage, read> a: array<u32>;
             @group(0) @binding(1) var<storage, read_write> b: array<u32>;
             @compute @workgroup_size(2) fn main(@builtin(local_invocation_index) t: u32) {{
               var own: array<u32, 3>; var v = vec2<u32>(1u); let i = a[0]; {body} }}"
        );
        run(&text, [1; 3], &[index, 0], 5).map_err(|e| e.split(" in ").next().unwrap().to_string())
    };
    for (body, length) in
        [("b[0] = a[i];", 2), ("b[i] = 1u;", 5), ("own[i] = 1u; b[0] = own[1];", 3), ("b[0] = v[i];", 2)]
    {
        assert_eq!(at(length - 1, body).map(|_| ()), Ok(()), "{body}");
        assert_eq!(at(length, body), Err(format!("index {length} of {length}")), "{body}");
    }
    assert_eq!(at(0, "b[bitcast<u32>(-1)] = 1u;"), Err("index 4294967295 of 5".to_string()));
}
