// Four pixels of a mixture: the source's, and what the branches made of them, by weight.
//
// What is mixed is a list in `programs`: the rule, its weight, the number of branches, and for each branch its place in
// `intermediate` and its weight.
fn result_quad(quad: u32) -> vec4<u32> {
  let own = origin_quad(quad);
  var pixels = vec4<u32>(0u);
  for (var j = 0u; j < min(4u, image_pixels - 4u * quad); j++) {
    pixels[j] = mixed(unpack(own[j]), 4u * quad + j);
  }
  return pixels;
}

fn mixed(own: vec3<u32>, pixel: u32) -> u32 {
  let list = programs[program + WORD_WEIGHTS];
  let rule = programs[list];
  let weight = programs[list + 1u];
  let end = list + 3u + 2u * programs[list + 2u];
  var value = own;
  var sum = vec3<u32>(0u);
  if (rule == RULE_SUM) { sum = products(weight, own); }
  for (var branch = list + 3u; branch < end; branch += 2u) {
    let result = unpack(intermediate_at(programs[branch] + pixel));
    let branch_weight = programs[branch + 1u];
    if (rule == RULE_BLENDS) {
      value = blended(value, result, branch_weight);
    } else {
      sum = sums(sum, products(branch_weight, result));
    }
  }
  if (rule == RULE_BLENDS) { return pack(value); }
  value = vec3<u32>(byte_of_f32(sum.x), byte_of_f32(sum.y), byte_of_f32(sum.z));
  if (rule == RULE_SUM_THEN_BLEND) { value = blended(own, value, weight); }
  return pack(value);
}

fn products(weight: u32, bytes: vec3<u32>) -> vec3<u32> {
  return vec3<u32>(product_f32(weight, bytes.x), product_f32(weight, bytes.y), product_f32(weight, bytes.z));
}

fn sums(a: vec3<u32>, b: vec3<u32>) -> vec3<u32> {
  return vec3<u32>(add_f32(a.x, b.x), add_f32(a.y, b.y), add_f32(a.z, b.z));
}

fn blended(g: vec3<u32>, x: vec3<u32>, alpha: u32) -> vec3<u32> {
  return vec3<u32>(blend_f32(g.x, x.x, alpha), blend_f32(g.y, x.y, alpha), blend_f32(g.z, x.z, alpha));
}
