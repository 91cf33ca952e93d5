// What differs on the host: the part of `src/cuda/source/device.cuh` for a C++ compiler. Threads are fibers of
// `runtime.cpp`. Every index is checked. Shared memory begins with bytes that nothing has written.
typedef unsigned int u32;
typedef int i32;
typedef float f32;
typedef unsigned long long u64;

extern "C" {
void emulator_barrier();
u32 emulator_axis(u32 which, u32 axis);
[[noreturn]] void emulator_outside(u64 index, u64 length, const char* text);
void emulator_shared(void* memory, u64 bytes);
}

// How each shared variable of the kernel is spoiled before a block begins.
static void (*spoils[16])();
static u32 spoil_count = 0;
struct Spoiled {
  Spoiled(void (*spoil)()) { spoils[spoil_count++] = spoil; }
};

#define FUNCTION static inline
#define FUNCTION_IN inline
#define SHARED(name, ...)                  \
  static thread_local __VA_ARGS__ name;    \
  static const Spoiled name##_there([] { emulator_shared(&name, sizeof(name)); });
#define KERNEL(threads) static void
#define RESTRICT
#define CHECK_INDEX(index, length) \
  if (u64(index) >= u64(length)) emulator_outside(index, length, __PRETTY_FUNCTION__);

FUNCTION void barrier() { emulator_barrier(); }
FUNCTION u32 workgroup(u32 axis) { return emulator_axis(0, axis); }
FUNCTION u32 workgroups(u32 axis) { return emulator_axis(1, axis); }
FUNCTION u32 local(u32 axis) { return emulator_axis(2, axis); }

FUNCTION f32 f32_of_bits(u32 bits) {
  f32 value;
  __builtin_memcpy(&value, &bits, 4);
  return value;
}
FUNCTION u32 bits_of_f32(f32 value) {
  u32 bits;
  __builtin_memcpy(&bits, &value, 4);
  return bits;
}
FUNCTION f32 floor_f32(f32 value) { return __builtin_floorf(value); }
FUNCTION f32 min_f32(f32 a, f32 b) { return __builtin_fminf(a, b); }
FUNCTION f32 max_f32(f32 a, f32 b) { return __builtin_fmaxf(a, b); }
FUNCTION u32 leading_zeros(u32 value) { return value == 0 ? 32 : u32(__builtin_clz(value)); }

template <class T>
struct Atomic {
  T value;
  T load() const { return __atomic_load_n(&value, __ATOMIC_RELAXED); }
  void store(T other) { __atomic_store_n(&value, other, __ATOMIC_RELAXED); }
  T add(T other) { return __atomic_fetch_add(&value, other, __ATOMIC_RELAXED); }
  T subtract(T other) { return __atomic_fetch_sub(&value, other, __ATOMIC_RELAXED); }
  T both(T other) { return __atomic_fetch_and(&value, other, __ATOMIC_RELAXED); }
  T either(T other) { return __atomic_fetch_or(&value, other, __ATOMIC_RELAXED); }
  T differing(T other) { return __atomic_fetch_xor(&value, other, __ATOMIC_RELAXED); }
  T exchange(T other) { return __atomic_exchange_n(&value, other, __ATOMIC_RELAXED); }
  T least(T other) { return changed([&](T now) { return now < other ? now : other; }); }
  T most(T other) { return changed([&](T now) { return now > other ? now : other; }); }
  template <class F>
  T changed(F change) {
    T now = load();
    while (!__atomic_compare_exchange_n(&value, &now, change(now), false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {}
    return now;
  }
};

// Calls a kernel with words that are the addresses of its buffers and their lengths.
template <u64... I> struct Places {};
template <u64 N, u64... I> struct UpTo : UpTo<N - 1, N - 1, I...> {};
template <u64... I> struct UpTo<0, I...> { typedef Places<I...> type; };
template <class T> FUNCTION T given(u64 word) { return (T)word; }
template <class... A, u64... I>
FUNCTION void call(void (*kernel)(A...), const u64* words, Places<I...>) { kernel(given<A>(words[I])...); }
template <class... A>
FUNCTION void call(void (*kernel)(A...), const u64* words) { call(kernel, words, typename UpTo<sizeof...(A)>::type()); }
