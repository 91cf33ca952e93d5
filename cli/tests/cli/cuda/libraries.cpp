// NVIDIA's driver and compiler on the host, for tests: what a CUDA device calls of both.
//
// The host's compiler makes a kernel, and the emulator runs it. A copy to the device reads its memory as late as a real
// one may. `STAND_IN` holds words that make something fail. What a real library would not survive is a line on standard
// error that begins with `wrong:`.
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <map>
#include <mutex>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

typedef unsigned int u32;
typedef unsigned long long u64;

extern "C" const char* emulator_run(void (*kernel)(const u64*), void (*spoil)(), const u64* words, const u32* grid,
                                    const u32* threads, u64 first, u64 last);

static bool asked(const char* word) {
  const char* words = getenv("STAND_IN");
  return words && strstr(words, word);
}

static int wrong(const char* what) {
  fprintf(stderr, "wrong: %s\n", what);
  return 1;
}

static std::string read(const char* path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// The compiler.

struct Program {
  std::string text, code, log;
};

static int refused(Program* program, const std::string& log) {
  program->log = log;
  return 6;
}

extern "C" {
int nvrtcVersion(int* major, int* minor) { return *major = asked("old-compiler") ? 10 : 13, *minor = 0; }
int nvrtcCreateProgram(void** program, const char* text, const char*, int, void*, void*) {
  *program = new Program{text, "", ""};
  return 0;
}
int nvrtcDestroyProgram(void** program) {
  delete (Program*)*program;
  return 0;
}
int nvrtcGetProgramLogSize(Program* program, size_t* bytes) { return *bytes = program->log.size() + 1, 0; }
int nvrtcGetProgramLog(Program* program, char* log) { return strcpy(log, program->log.c_str()), 0; }
int nvrtcGetCUBINSize(Program* program, size_t* bytes) { return *bytes = program->code.size() + 1, 0; }
int nvrtcGetCUBIN(Program* program, char* code) { return strcpy(code, program->code.c_str()), 0; }

int nvrtcCompileProgram(Program* program, int count, const char** options) {
  std::string all;
  for (int i = 0; i < count; i++) all += std::string(options[i]) + " ";
  fprintf(stderr, "compiled with %s\n", all.c_str());
  if (asked("refuse-text")) return refused(program, "kernel.cu(7): error: no such thing");
  const std::string device = read(DEVICE);
  if (program->text.compare(0, device.size(), device) != 0) return refused(program, "not for a device");
  const std::string text = program->text.substr(device.size());
  std::smatch entry;
  const std::regex kernel(R"(KERNEL\(\w+\) (\w+)\(([^)]*)\))");
  if (!std::regex_search(text, entry, kernel)) return refused(program, "no kernel");
  const std::string parameters = entry[2];
  const std::regex length("u64 ");
  const auto buffers = std::distance(std::sregex_iterator(parameters.begin(), parameters.end(), length), {});

  char folder[] = FOLDER "/kernel-XXXXXX";
  if (!mkdtemp(folder)) return refused(program, "no folder");
  const std::string source = std::string(folder) + "/kernel.cpp", library = std::string(folder) + "/kernel.so";
  std::ofstream(source) << read(HOST) << text << "\nextern \"C\" {\nvoid emulated(const u64* words) { call(" << entry[1]
                        << ", words); }\nvoid spoil() { for (u32 i = 0; i < spoil_count; i++) spoils[i](); }\n}\n";
  // The kernel finds the emulator's functions in the driver, which is loaded.
  const std::string command = "c++ " OPTIONS " -o " + library + " " + source + " " FOLDER "/libcuda.so.1";
  if (system(command.c_str()) != 0) return refused(program, "the host's compiler failed");
  program->code = "kernel " + std::string(entry[1]) + " " + std::to_string(2 * buffers) + " " + library;
  return 0;
}
}

// The driver: one device with one context, whose streams all are one.

struct Kernel {
  std::string entry;
  int words;
  void (*run)(const u64*);
  void (*spoil)();
};

struct Event {
  size_t after;
};

static const int INVALID = 1, OUT_OF_MEMORY = 2, NO_DEVICE = 100, INVALID_IMAGE = 200, NOT_READY = 600;
static void* const CONTEXT = (void*)0xc0;
static std::mutex lock;
static std::map<u64, size_t> memory;
static std::vector<std::function<void()>> copies;
static size_t begun = 0, done = 0;
static thread_local void* current = nullptr;

static void finish() {
  for (auto& copy : copies) copy(), done++;
  copies.clear();
}

static bool is_there(u64 address, u64 bytes) {
  auto next = memory.upper_bound(address);
  if (next == memory.begin()) return false;
  --next;
  return address + bytes <= next->first + next->second;
}

// Each call needs the context, and all of them are in one order.
#define CALL                                             \
  if (current != CONTEXT) return wrong(__func__);        \
  std::lock_guard<std::mutex> guard(lock);

extern "C" {
int cuInit(u32) { return asked("no-device") ? NO_DEVICE : 0; }
int cuDriverGetVersion(int* version) { return *version = asked("old-driver") ? 11020 : 13000, 0; }
int cuDeviceGetCount(int* count) { return *count = 1, 0; }
int cuDeviceGet(int* device, int number) { return *device = number, 0; }
int cuDeviceGetName(char* name, int bytes, int) { return snprintf(name, bytes, "Stand-in"), 0; }
int cuDeviceGetAttribute(int* value, int attribute, int) {
  const int major = 75, minor = 76, memory_pools = 115;
  *value = attribute == major ? 9 : attribute == minor ? 0 : attribute == memory_pools ? !asked("no-pools") : -1;
  return 0;
}
int cuDevicePrimaryCtxRetain(void** context, int) { return *context = CONTEXT, 0; }
int cuCtxGetCurrent(void** context) { return *context = current, 0; }
int cuCtxSetCurrent(void* context) { return current = context, 0; }
int cuGetErrorString(int error, const char** text) {
  *text = error == OUT_OF_MEMORY   ? "out of memory"
          : error == NO_DEVICE     ? "no CUDA-capable device is detected"
          : error == INVALID_IMAGE ? "device kernel image is invalid"
                                   : "invalid argument";
  return 0;
}

int cuStreamCreate(void** stream, u32) { CALL return *stream = (void*)0x5, 0; }
int cuStreamIsCapturing(void*, int* status) { CALL return *status = 0; }
int cuStreamSynchronize(void*) { CALL return finish(), 0; }

int cuMemPoolCreate(void** pool, const void*) { CALL return *pool = (void*)0x9, 0; }
int cuMemPoolSetAttribute(void*, int, void*) { CALL return 0; }
int cuMemPoolTrimTo(void*, size_t) { CALL return 0; }
int cuMemAllocFromPoolAsync(u64* address, size_t bytes, void*, void*) {
  CALL if (asked("no-memory")) return OUT_OF_MEMORY;
  void* made = aligned_alloc(512, (bytes + 511) / 512 * 512);
  memset(made, 0xa5, bytes);
  memory[*address = (u64)made] = bytes;
  return 0;
}
int cuMemFreeAsync(u64 address, void*) {
  CALL finish();
  if (!memory.erase(address)) return wrong("memory is given back that is none");
  return free((void*)address), 0;
}
int cuMemHostAlloc(void** made, size_t bytes, u32) {
  CALL if (asked("no-host-memory")) return OUT_OF_MEMORY;
  return *made = malloc(bytes), 0;
}
int cuMemFreeHost(void* made) { CALL return free(made), 0; }
int cuMemcpyHtoDAsync_v2(u64 to, const void* from, size_t bytes, void*) {
  CALL if (!is_there(to, bytes)) return wrong("a copy to no memory");
  copies.push_back([=] { memcpy((void*)to, from, bytes); });
  return begun++, 0;
}
int cuMemcpyDtoHAsync_v2(void* to, u64 from, size_t bytes, void*) {
  CALL finish();
  return is_there(from, bytes) ? memcpy(to, (void*)from, bytes), 0 : wrong("a copy of no memory");
}
int cuMemsetD8Async(u64 address, unsigned char value, size_t bytes, void*) {
  CALL finish();
  return is_there(address, bytes) ? memset((void*)address, value, bytes), 0 : wrong("no memory is cleared");
}

int cuEventCreate(void** event, u32) { CALL return *event = new Event{0}, 0; }
int cuEventRecord(Event* event, void*) { CALL return event->after = begun, 0; }
int cuEventQuery(Event* event) { CALL return event->after > done ? NOT_READY : 0; }
int cuEventSynchronize(Event*) { CALL return finish(), 0; }
int cuEventDestroy_v2(Event* event) {
  CALL delete event;
  return 0;
}

int cuModuleLoadData(void** module, const char* code) {
  CALL char entry[200], path[1000];
  int words = 0;
  if (asked("refuse-code") || sscanf(code, "kernel %199s %d %999s", entry, &words, path) != 3) return INVALID_IMAGE;
  void* library = dlopen(path, RTLD_NOW);
  if (!library) return wrong(dlerror());
  auto run = (void (*)(const u64*))dlsym(library, "emulated");
  *module = new Kernel{entry, words, run, (void (*)())dlsym(library, "spoil")};
  return 0;
}
int cuModuleGetFunction(void** function, Kernel* module, const char* name) {
  CALL if (module->entry != name) return wrong("no such kernel");
  return *function = module, 0;
}
int cuLaunchKernel(Kernel* kernel, u32 x, u32 y, u32 z, u32 columns, u32 rows, u32 layers, u32, void*, void** given,
                   void**) {
  CALL finish();
  std::vector<u64> words;
  for (int i = 0; i < kernel->words; i++) words.push_back(*(u64*)given[i]);
  for (int i = 0; i < kernel->words; i += 2)
    if (!is_there(words[i], words[i + 1])) return wrong("a kernel on no memory");
  const u32 grid[3] = {x, y, z}, threads[3] = {columns, rows, layers};
  const char* message = emulator_run(kernel->run, kernel->spoil, words.data(), grid, threads, 0, (u64)x * y * z);
  return message ? wrong(message) : 0;
}
}

__attribute__((destructor)) static void end() {
  if (begun) fprintf(stderr, "%zu parts of memory are in use at the end\n", memory.size());
}
