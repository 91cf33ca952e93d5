// The threads of a block as fibers of one thread of the host. A barrier switches to the next fiber.
//
// Blocks run one after the other, their fibers in turns, forward and backward: a kernel that lacks a barrier gives other
// bytes. A fiber lives as long as its thread. It is entered by `swapcontext` once, and by `longjmp` afterwards, which
// makes no system call.
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

typedef unsigned int u32;
typedef unsigned long long u64;

namespace {

// Threads of a block: as many as WebGPU allows.
const u32 MOST = 256;
const size_t STACK = 256 * 1024;
const size_t PAGE = 4096;
const unsigned char NEVER_WRITTEN = 0xa5;

enum State { IDLE, RUNNING, WAITING, DONE };

struct Fiber {
  ucontext_t entered;
  jmp_buf here;
  bool begun = false;
  State state = IDLE;
  u32 index = 0;
};

// An index outside of what it is an index of.
struct Outside {};

struct Host {
  Fiber* fibers = nullptr;
  Fiber* current = nullptr;
  jmp_buf here;
  ucontext_t entered;
  void (*kernel)(const u64*) = nullptr;
  const u64* words = nullptr;
  u32 block[3], grid[3], threads[3];
  char message[512] = "";
};

thread_local Host host;

// Leaves the current fiber, which goes on from here later.
void leave(State state) {
  Fiber* fiber = host.current;
  fiber->state = state;
  if (_setjmp(fiber->here) == 0) _longjmp(host.here, 1);
}

void run_fiber() {
  for (;;) {
    try {
      host.kernel(host.words);
    } catch (Outside) {
    }
    leave(DONE);
  }
}

void enter(Fiber* fiber) {
  host.current = fiber;
  fiber->state = RUNNING;
  if (_setjmp(host.here) != 0) return;
  if (fiber->begun) _longjmp(fiber->here, 1);
  fiber->begun = true;
  swapcontext(&host.entered, &fiber->entered);
}

// Makes the fibers, once for each thread of the host. Below each stack is a page that cannot be touched.
bool make() {
  if (host.fibers != nullptr) return true;
  Fiber* fibers = new Fiber[MOST];
  for (u32 i = 0; i < MOST; i++) {
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    void* memory = mmap(nullptr, PAGE + STACK, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (memory == MAP_FAILED || mprotect(memory, PAGE, PROT_NONE) != 0) return false;
    Fiber& fiber = fibers[i];
    fiber.index = i;
    getcontext(&fiber.entered);
    fiber.entered.uc_stack.ss_sp = (char*)memory + PAGE;
    fiber.entered.uc_stack.ss_size = STACK;
    fiber.entered.uc_link = nullptr;
    makecontext(&fiber.entered, run_fiber, 0);
  }
  host.fibers = fibers;
  return true;
}

void refuse(const char* what) {
  if (host.message[0] == 0) snprintf(host.message, sizeof host.message, "%s", what);
}

// Takes all fibers from barrier to barrier, until all are at the end.
void run_block(u32 count) {
  for (u32 i = 0; i < count; i++) host.fibers[i].state = IDLE;
  for (u32 round = 0;; round++) {
    u32 waiting = 0, done = 0;
    for (u32 i = 0; i < count; i++) {
      Fiber* fiber = &host.fibers[round % 2 == 0 ? i : count - 1 - i];
      if (fiber->state != DONE) enter(fiber);
      waiting += fiber->state == WAITING;
      done += fiber->state == DONE;
    }
    if (done == count) return;
    // Those that wait go on, so that the block ends and the fibers can be used again.
    if (waiting != count) refuse("a barrier that not all threads of a block reach");
  }
}

}  // namespace

extern "C" {

void emulator_barrier() { leave(WAITING); }

u32 emulator_axis(u32 which, u32 axis) {
  if (which < 2) return (which == 0 ? host.block : host.grid)[axis];
  u32 index = host.current->index;
  for (u32 i = 0; i < axis; i++) index /= host.threads[i];
  return index % host.threads[axis];
}

[[noreturn]] void emulator_outside(u64 index, u64 length, const char* text) {
  char what[400];
  snprintf(what, sizeof what, "index %llu of %llu in %s", index, length, text);
  refuse(what);
  throw Outside();
}

void emulator_shared(void* memory, u64 bytes) { memset(memory, NEVER_WRITTEN, bytes); }

// Runs blocks `first` to before `last` of a grid. Returns a message, or nothing if all went well.
const char* emulator_run(void (*kernel)(const u64*), void (*spoil)(), const u64* words, const u32* grid,
                         const u32* threads, u64 first, u64 last) {
  host.message[0] = 0;
  host.kernel = kernel;
  host.words = words;
  memcpy(host.grid, grid, sizeof host.grid);
  memcpy(host.threads, threads, sizeof host.threads);
  u32 count = threads[0] * threads[1] * threads[2];
  if (count > MOST) return "a block has more than 256 threads";
  if (!make()) return "no memory for the stacks of the fibers";
  for (u64 block = first; block < last && host.message[0] == 0; block++) {
    host.block[0] = u32(block % grid[0]);
    host.block[1] = u32(block / grid[0] % grid[1]);
    host.block[2] = u32(block / grid[0] / grid[1]);
    spoil();
    run_block(count);
  }
  return host.message[0] == 0 ? nullptr : host.message;
}
}
