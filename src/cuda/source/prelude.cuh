// WGSL's values and operators, with WGSL's results where C++ has none or another. Names are functions, never operators,
// so that C++'s rules for signed overflow, shifts, division and conversions apply nowhere.

// A vector. Its alignment is WGSL's, but for three components: `Cell` has that one, so that a number may follow.
template <class T, u32 N>
struct alignas(N == 3 ? sizeof(T) : N * sizeof(T)) Vec {
  T e[N];
  FUNCTION_IN T& operator[](u32 i) { CHECK_INDEX(i, N); return e[i]; }
  FUNCTION_IN const T& operator[](u32 i) const { CHECK_INDEX(i, N); return e[i]; }
};

template <class T> struct Align { static constexpr u32 of = alignof(T); };
template <class T> struct Align<Vec<T, 3>> { static constexpr u32 of = 4 * sizeof(T); };

// An element of an array, as far from the next one as in WGSL.
template <class T>
struct alignas(Align<T>::of) Cell { T value; };

template <class T, u32 N>
struct Array {
  Cell<T> cells[N];
  FUNCTION_IN T& operator[](u32 i) { CHECK_INDEX(i, N); return cells[i].value; }
  FUNCTION_IN const T& operator[](u32 i) const { CHECK_INDEX(i, N); return cells[i].value; }
};

// A runtime-sized array: a bound buffer.
template <class T>
struct Buffer {
  Cell<T>* RESTRICT cells;
  u64 bytes;
  FUNCTION_IN u32 length() const { return u32(bytes / sizeof(Cell<T>)); }
  FUNCTION_IN T& operator[](u32 i) const { CHECK_INDEX(i, length()); return cells[i].value; }
};
template <class T>
struct Buffer<const T> {
  const Cell<T>* RESTRICT cells;
  u64 bytes;
  FUNCTION_IN u32 length() const { return u32(bytes / sizeof(Cell<T>)); }
  FUNCTION_IN const T& operator[](u32 i) const { CHECK_INDEX(i, length()); return cells[i].value; }
};

// Signed numbers wrap around.
FUNCTION u32 add(u32 a, u32 b) { return a + b; }
FUNCTION u32 subtract(u32 a, u32 b) { return a - b; }
FUNCTION u32 multiply(u32 a, u32 b) { return a * b; }
FUNCTION i32 add(i32 a, i32 b) { return i32(u32(a) + u32(b)); }
FUNCTION i32 subtract(i32 a, i32 b) { return i32(u32(a) - u32(b)); }
FUNCTION i32 multiply(i32 a, i32 b) { return i32(u32(a) * u32(b)); }
FUNCTION i32 negate(i32 a) { return i32(0u - u32(a)); }
FUNCTION f32 add(f32 a, f32 b) { return a + b; }
FUNCTION f32 subtract(f32 a, f32 b) { return a - b; }
FUNCTION f32 multiply(f32 a, f32 b) { return a * b; }
FUNCTION f32 divide(f32 a, f32 b) { return a / b; }
FUNCTION f32 negate(f32 a) { return -a; }

// A quotient that does not exist is the dividend, and its remainder zero.
FUNCTION u32 divide(u32 a, u32 b) { return a / (b == 0u ? 1u : b); }
FUNCTION u32 remainder(u32 a, u32 b) { return a % (b == 0u ? 1u : b); }
FUNCTION bool has_no_quotient(i32 a, i32 b) { return b == 0 || (u32(a) == 0x80000000u && b == -1); }
FUNCTION i32 divide(i32 a, i32 b) { return a / (has_no_quotient(a, b) ? 1 : b); }
FUNCTION i32 remainder(i32 a, i32 b) { return a % (has_no_quotient(a, b) ? 1 : b); }

FUNCTION u32 both(u32 a, u32 b) { return a & b; }
FUNCTION u32 either(u32 a, u32 b) { return a | b; }
FUNCTION u32 differing(u32 a, u32 b) { return a ^ b; }
FUNCTION u32 complement(u32 a) { return ~a; }
FUNCTION i32 both(i32 a, i32 b) { return a & b; }
FUNCTION i32 either(i32 a, i32 b) { return a | b; }
FUNCTION i32 differing(i32 a, i32 b) { return a ^ b; }
FUNCTION i32 complement(i32 a) { return ~a; }
FUNCTION bool both(bool a, bool b) { return a & b; }
FUNCTION bool either(bool a, bool b) { return a | b; }
FUNCTION bool opposite(bool a) { return !a; }

// The lowest five bits of a shift count.
FUNCTION u32 shift_left(u32 a, u32 count) { return a << (count & 31u); }
FUNCTION u32 shift_right(u32 a, u32 count) { return a >> (count & 31u); }
FUNCTION i32 shift_left(i32 a, u32 count) { return i32(u32(a) << (count & 31u)); }
FUNCTION i32 shift_right(i32 a, u32 count) { return a >> (count & 31u); }

#define COMPARISONS(T)                                            \
  FUNCTION bool equal(T a, T b) { return a == b; }                \
  FUNCTION bool not_equal(T a, T b) { return a != b; }            \
  FUNCTION bool less(T a, T b) { return a < b; }                  \
  FUNCTION bool less_equal(T a, T b) { return a <= b; }           \
  FUNCTION bool greater(T a, T b) { return a > b; }               \
  FUNCTION bool greater_equal(T a, T b) { return a >= b; }
COMPARISONS(u32)
COMPARISONS(i32)
COMPARISONS(f32)
COMPARISONS(bool)

FUNCTION u32 least(u32 a, u32 b) { return a < b ? a : b; }
FUNCTION u32 most(u32 a, u32 b) { return a > b ? a : b; }
FUNCTION i32 least(i32 a, i32 b) { return a < b ? a : b; }
FUNCTION i32 most(i32 a, i32 b) { return a > b ? a : b; }
FUNCTION f32 least(f32 a, f32 b) { return min_f32(a, b); }
FUNCTION f32 most(f32 a, f32 b) { return max_f32(a, b); }
FUNCTION u32 absolute(u32 a) { return a; }
FUNCTION i32 absolute(i32 a) { return a < 0 ? negate(a) : a; }
FUNCTION f32 absolute(f32 a) { return f32_of_bits(bits_of_f32(a) & 0x7fffffffu); }
FUNCTION f32 round_down(f32 a) { return floor_f32(a); }
FUNCTION u32 count_leading_zeros(u32 a) { return leading_zeros(a); }
FUNCTION i32 count_leading_zeros(i32 a) { return i32(leading_zeros(u32(a))); }

// Conversions of numbers out of range give the closest number that both types have, and what is no number gives the
// lowest: `max_f32` drops it.
FUNCTION u32 to_u32(u32 a) { return a; }
FUNCTION u32 to_u32(i32 a) { return u32(a); }
FUNCTION u32 to_u32(bool a) { return a ? 1u : 0u; }
FUNCTION u32 to_u32(f32 a) { return u32(min_f32(max_f32(a, 0.0f), 4294967040.0f)); }
FUNCTION i32 to_i32(i32 a) { return a; }
FUNCTION i32 to_i32(u32 a) { return i32(a); }
FUNCTION i32 to_i32(bool a) { return a ? 1 : 0; }
FUNCTION i32 to_i32(f32 a) { return i32(min_f32(max_f32(a, -2147483648.0f), 2147483520.0f)); }
FUNCTION f32 to_f32(f32 a) { return a; }
FUNCTION f32 to_f32(u32 a) { return f32(a); }
FUNCTION f32 to_f32(i32 a) { return f32(a); }
FUNCTION f32 to_f32(bool a) { return a ? 1.0f : 0.0f; }
FUNCTION bool to_bool(bool a) { return a; }
FUNCTION bool to_bool(u32 a) { return a != 0u; }
FUNCTION bool to_bool(i32 a) { return a != 0; }
FUNCTION bool to_bool(f32 a) { return a != 0.0f; }
FUNCTION u32 as_u32(u32 a) { return a; }
FUNCTION u32 as_u32(i32 a) { return u32(a); }
FUNCTION u32 as_u32(f32 a) { return bits_of_f32(a); }
FUNCTION i32 as_i32(u32 a) { return i32(a); }
FUNCTION i32 as_i32(i32 a) { return a; }
FUNCTION i32 as_i32(f32 a) { return i32(bits_of_f32(a)); }
FUNCTION f32 as_f32(u32 a) { return f32_of_bits(a); }
FUNCTION f32 as_f32(i32 a) { return f32_of_bits(u32(a)); }
FUNCTION f32 as_f32(f32 a) { return a; }

// The same for each component of vectors.
#define OF_ONE(name)                                                                  \
  template <class T, u32 N>                                                           \
  FUNCTION auto name(const Vec<T, N>& a) -> Vec<decltype(name(a.e[0])), N> {          \
    Vec<decltype(name(a.e[0])), N> result;                                            \
    for (u32 i = 0; i < N; i++) result.e[i] = name(a.e[i]);                           \
    return result;                                                                    \
  }
#define OF_TWO(name)                                                                                       \
  template <class T, class U, u32 N>                                                                       \
  FUNCTION auto name(const Vec<T, N>& a, const Vec<U, N>& b) -> Vec<decltype(name(a.e[0], b.e[0])), N> {   \
    Vec<decltype(name(a.e[0], b.e[0])), N> result;                                                         \
    for (u32 i = 0; i < N; i++) result.e[i] = name(a.e[i], b.e[i]);                                        \
    return result;                                                                                         \
  }
OF_TWO(add) OF_TWO(subtract) OF_TWO(multiply) OF_TWO(divide) OF_TWO(remainder)
OF_TWO(both) OF_TWO(either) OF_TWO(differing) OF_TWO(shift_left) OF_TWO(shift_right)
OF_TWO(equal) OF_TWO(not_equal) OF_TWO(less) OF_TWO(less_equal) OF_TWO(greater) OF_TWO(greater_equal)
OF_TWO(least) OF_TWO(most)
OF_ONE(negate) OF_ONE(complement) OF_ONE(opposite) OF_ONE(absolute) OF_ONE(round_down) OF_ONE(count_leading_zeros)
OF_ONE(to_u32) OF_ONE(to_i32) OF_ONE(to_f32) OF_ONE(to_bool) OF_ONE(as_u32) OF_ONE(as_i32) OF_ONE(as_f32)

template <class T, u32 N>
FUNCTION Vec<T, N> splat(T value) {
  Vec<T, N> result;
  for (u32 i = 0; i < N; i++) result.e[i] = value;
  return result;
}
// WGSL multiplies a vector by a number without a splat.
template <class T, u32 N>
FUNCTION Vec<T, N> multiply(const Vec<T, N>& a, T b) { return multiply(a, splat<T, N>(b)); }
template <class T, u32 N>
FUNCTION Vec<T, N> multiply(T a, const Vec<T, N>& b) { return multiply(splat<T, N>(a), b); }

template <class T>
FUNCTION T clamped(const T& value, const T& low, const T& high) { return least(most(value, low), high); }
template <class T>
FUNCTION T selected(bool condition, const T& accept, const T& reject) { return condition ? accept : reject; }
template <class T, u32 N>
FUNCTION Vec<T, N> selected(const Vec<bool, N>& condition, const Vec<T, N>& accept, const Vec<T, N>& reject) {
  Vec<T, N> result;
  for (u32 i = 0; i < N; i++) result.e[i] = condition.e[i] ? accept.e[i] : reject.e[i];
  return result;
}
template <u32 N>
FUNCTION bool all(const Vec<bool, N>& a) {
  bool result = true;
  for (u32 i = 0; i < N; i++) result &= a.e[i];
  return result;
}
template <u32 N>
FUNCTION bool any(const Vec<bool, N>& a) {
  bool result = false;
  for (u32 i = 0; i < N; i++) result |= a.e[i];
  return result;
}
FUNCTION bool all(bool a) { return a; }
FUNCTION bool any(bool a) { return a; }
