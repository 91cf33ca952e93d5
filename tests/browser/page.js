// Runs recorded dispatches in the browser's WebGPU and posts what the destination buffers hold. Whoever started the browser
// compares; see src/gpu/browser.

const post = (path, body) => fetch(path, { method: "POST", body });
const failure = (text) => post("failure", text);

// The description of the recordings, and the bytes that it points to.
let index, bytes;
const part = ([at, length]) => bytes.subarray(at, at + length);

// Calls `f` and throws if the device had an error meanwhile.
async function guarded(device, f) {
  const filters = ["internal", "out-of-memory", "validation"];
  for (const filter of filters) device.pushErrorScope(filter);
  let result, thrown;
  try { result = await f(); } catch (error) { thrown = error; }
  const errors = await Promise.all(filters.map(() => device.popErrorScope()));
  const error = errors.find((e) => e) ?? thrown;
  if (error) throw new Error(`${error.constructor.name}: ${error.message}`);
  return result;
}

// The module of a shader; whatever the compiler has to say is posted.
async function compile(device, number) {
  const { label, text } = index.shaders[number];
  device.pushErrorScope("validation");
  const module = device.createShaderModule({ label, code: new TextDecoder().decode(part(text)) });
  const [error, info] = await Promise.all([device.popErrorScope(), module.getCompilationInfo()]);
  const messages = info.messages.map((m) => `${m.type}, line ${m.lineNum}:${m.linePos}: ${m.message}`);
  if (error && messages.length === 0) messages.push(error.message);
  if (messages.length > 0) await post(`message/${number}`, messages.join("\n"));
  return module;
}

async function pipelineOf(device, step, module) {
  const entries = step.types.map(([binding, type]) => ({
    binding,
    visibility: GPUShaderStage.COMPUTE,
    buffer: { type, hasDynamicOffset: type === "uniform" },
  }));
  const bindings = device.createBindGroupLayout({ entries });
  const layout = device.createPipelineLayout({ bindGroupLayouts: [bindings] });
  const compute = { module, entryPoint: step.entry };
  return { bindings, pipeline: await device.createComputePipelineAsync({ layout, compute }) };
}

// Runs one case and returns the bytes of its destination.
async function run(device, recorded, pipelines) {
  const { STORAGE, UNIFORM, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
  const buffers = {};
  for (const [name, place] of Object.entries(recorded.buffers)) {
    const data = part(place);
    const usage = (name === "Parameters" ? UNIFORM : STORAGE) | COPY_SRC | COPY_DST;
    buffers[name] = device.createBuffer({ label: name, size: data.length, usage });
    device.queue.writeBuffer(buffers[name], 0, data);
  }
  const readback = device.createBuffer({ size: buffers.Destination.size, usage: MAP_READ | COPY_DST });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  for (const step of recorded.steps) {
    const { bindings, pipeline } = pipelines.get(step.shader);
    const [offset, size] = step.parameters;
    const entries = step.bindings.map(([binding, name]) => {
      const buffer = buffers[name];
      return { binding, resource: name === "Parameters" ? { buffer, size } : { buffer } };
    });
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, device.createBindGroup({ layout: bindings, entries }), [offset]);
    pass.dispatchWorkgroups(...step.grid);
  }
  pass.end();
  encoder.copyBufferToBuffer(buffers.Destination, 0, readback, 0, readback.size);
  device.queue.submit([encoder.finish()]);
  await readback.mapAsync(GPUMapMode.READ);
  const result = readback.getMappedRange().slice(0);
  for (const buffer of [readback, ...Object.values(buffers)]) buffer.destroy();
  return result;
}

const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

async function main() {
  index = await (await fetch("recordings.json")).json();
  bytes = new Uint8Array(await (await fetch("recordings.bin")).arrayBuffer());
  const adapter = await navigator.gpu?.requestAdapter();
  if (!adapter) return failure("there is no WebGPU adapter");
  const { vendor, architecture, description } = adapter.info;
  await post("note", `adapter: ${vendor} ${architecture} ${description}`);
  // No features, default limits.
  const device = await adapter.requestDevice();
  device.lost.then(({ reason, message }) => failure(`device lost: ${reason}: ${message}`));
  device.addEventListener("uncapturederror", ({ error }) => failure(`uncaptured: ${error.message}`));

  let start = performance.now();
  const used = new Set(index.cases.flatMap((c) => c.steps.map((step) => step.shader)));
  const modules = new Map();
  for (let number = 0; number < index.shaders.length; number++) {
    const module = await compile(device, number);
    if (used.has(number)) modules.set(number, module);
  }
  await post("note", `${index.shaders.length} kernels read by the compiler in ${seconds(start)}`);

  const pipelines = new Map();
  for (const [number, recorded] of index.cases.entries()) {
    try {
      start = performance.now();
      const missing = new Map(recorded.steps.filter((s) => !pipelines.has(s.shader)).map((s) => [s.shader, s]));
      await guarded(device, () => Promise.all(Array.from(missing, async ([shader, step]) =>
        pipelines.set(shader, await pipelineOf(device, step, modules.get(shader))))));
      const compiled = seconds(start);
      start = performance.now();
      const result = await guarded(device, () => run(device, recorded, pipelines));
      await post(`result/${number}`, result);
      const ran = `${recorded.steps.length} dispatches in ${seconds(start)}`;
      await post("note", `${recorded.name}: ${missing.size} pipelines in ${compiled}, ${ran}`);
    } catch (error) {
      await failure(`${recorded.name}: ${error.message}`);
    }
  }
}

try { await main(); } catch (error) { await failure(`${error.stack}`); }
await post("done", "");
