// What differs on a GPU: how functions, shared memory and kernels are declared, and what threads can do together.
// NVRTC takes this file, `prelude.cuh` and a kernel. In tests a host compiler takes `emulator/host.hpp` in its place.
typedef unsigned int u32;
typedef int i32;
typedef float f32;
typedef unsigned long long u64;

#define FUNCTION static __device__ inline
#define FUNCTION_IN __device__
#define SHARED(name, ...) static __shared__ __VA_ARGS__ name;
#define KERNEL(threads) extern "C" __global__ void __launch_bounds__(threads)
#define RESTRICT __restrict__
// Nothing is checked on a GPU.
#define CHECK_INDEX(index, length)

FUNCTION void barrier() { __syncthreads(); }
FUNCTION u32 workgroup(u32 axis) { return axis == 0 ? blockIdx.x : axis == 1 ? blockIdx.y : blockIdx.z; }
FUNCTION u32 workgroups(u32 axis) { return axis == 0 ? gridDim.x : axis == 1 ? gridDim.y : gridDim.z; }
FUNCTION u32 local(u32 axis) { return axis == 0 ? threadIdx.x : axis == 1 ? threadIdx.y : threadIdx.z; }

FUNCTION f32 f32_of_bits(u32 bits) { return __uint_as_float(bits); }
FUNCTION u32 bits_of_f32(f32 value) { return __float_as_uint(value); }
FUNCTION f32 floor_f32(f32 value) { return floorf(value); }
FUNCTION f32 min_f32(f32 a, f32 b) { return fminf(a, b); }
FUNCTION f32 max_f32(f32 a, f32 b) { return fmaxf(a, b); }
FUNCTION u32 leading_zeros(u32 value) { return __clz(value); }

// A word that threads change together. All orders are relaxed, as WGSL's are.
template <class T>
struct Atomic {
  T value;
  FUNCTION_IN T load() const { return *(const volatile T*)&value; }
  FUNCTION_IN void store(T other) { *(volatile T*)&value = other; }
  FUNCTION_IN T add(T other) { return atomicAdd(&value, other); }
  FUNCTION_IN T subtract(T other) { return atomicSub(&value, other); }
  FUNCTION_IN T least(T other) { return atomicMin(&value, other); }
  FUNCTION_IN T most(T other) { return atomicMax(&value, other); }
  FUNCTION_IN T both(T other) { return atomicAnd(&value, other); }
  FUNCTION_IN T either(T other) { return atomicOr(&value, other); }
  FUNCTION_IN T differing(T other) { return atomicXor(&value, other); }
  FUNCTION_IN T exchange(T other) { return atomicExch(&value, other); }
};
