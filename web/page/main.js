// Main: loads the library, listens to the fields, and runs a sheet after each change.
"use strict";

const VIEWS = {
  draws: "Draws of the whole policy, as training sees them. Each cell is a sample of its own.",
  "sub-policies": "One column for each sub-policy, from the chosen one on. The sliders change the chosen one.",
  sweep: "One operation at the chosen magnitude, then at every magnitude of the convention.",
  compare: "One sub-policy in its convention and in another one, with the same draws, and their difference.",
};

// The library, its names, the decoded images, and what the library says of the policy.
let page, listing, info;
let files = [];
let images = [];
// The last job that could be planned.
let job;

const convention = (name) => listing.conventions.find((one) => one.name === name);
// The convention of an operation alone, and that of the policy's magnitudes.
const ofSweep = () => convention(read("convention") || "torchvision");
const ofPolicy = () => convention(read("convention") || (info?.convention ?? "torchvision"));

function stop(error) {
  byId("stopped").textContent = `This page stopped working, and has to be loaded again. ${error?.message ?? error}`;
  byId("stopped").hidden = false;
}

async function load() {
  if (typeof WebAssembly !== "object" || typeof DecompressionStream !== "function") {
    throw new Error("This browser is too old: it lacks WebAssembly or DecompressionStream.");
  }
  const compressed = inlined("program").stream().pipeThrough(new DecompressionStream("gzip"));
  await wasm_bindgen({ module_or_path: await new Response(compressed).arrayBuffer() });
  page = new wasm_bindgen.Page();
  listing = JSON.parse(page.listing());
}

function options(id, entries) {
  byId(id).replaceChildren(...entries.map(([value, label]) => new Option(label, value)));
}

function fillLists() {
  options("preset", [["", "own text"], ...listing.policies.map(({ name }) => [name, name])]);
  const conventions = listing.conventions.map(({ name }) => [name, name]);
  options("convention", [["", "the policy's own"], ...conventions]);
  options("other", conventions);
  options("interpolation", [["", "the convention's"], ...listing.interpolations.map((name) => [name, name])]);
  options("op", listing.operations.map(({ name }) => [name, name]));
  byId("version").textContent = `autoaugment ${listing.version}`;
  if (!navigator.gpu) {
    byId("device").options[1].disabled = true;
    byId("device").options[1].label = "WebGPU: this browser has none";
    byId("measure").disabled = true;
  }
}

// The slider of a sweep has the magnitudes of the convention.
function setMagnitudeRange() {
  const field = byId("magnitude");
  const { last, fractional } = ofSweep();
  field.max = last;
  field.step = fractional ? last / 100 : 1;
}

// Everything on the page that follows from the fields.
function follow() {
  const view = read("view");
  for (const part of document.querySelectorAll("[data-views]")) {
    part.hidden = !part.dataset.views.split(" ").includes(view);
  }
  byId("view-help").textContent = VIEWS[view];
  const policy = read("policy").trim();
  const known = listing.policies.find(({ name }) => name === policy);
  byId("preset").value = known ? known.name : "";
  byId("help").textContent = known ? known.help : "";
  const { name, help } = view === "sweep" ? ofSweep() : ofPolicy();
  byId("convention-help").textContent = `${name}: ${help}`;
  const op = listing.operations.find(({ name }) => name === read("op"));
  byId("op-help").textContent = op.help;
  setMagnitudeRange();
  byId("magnitude").disabled = !ofSweep().with_magnitude.includes(op.name);
  byId("negative").disabled = !ofSweep().signed.includes(op.name);
  byId("magnitude-value").textContent = byId("magnitude").disabled ? "none" : short(read("magnitude"));
  byId("of").textContent = info?.sub_policies ? `of ${info.sub_policies.length}` : "";
  history.replaceState(null, "", `#${link()}`);
}

// Asks the library what the policy is. Its errors stand at the field.
function readPolicy() {
  const answer = JSON.parse(page.policy(request()));
  info = answer.failure ? undefined : answer;
}

const edited = (isFinished) => {
  write("policy", policyText(info));
  change(isFinished);
};

// After a change of a field. The editor is made anew unless one of its sliders moves.
function change(isFinished = true) {
  if (isFinished) readPolicy();
  follow();
  if (isFinished) showSteps(info, Number(read("number")), ofPolicy(), edited);
  showCopies(JSON.parse(page.copies(request(info))));
  refresh();
}

let busy = false;
let again = false;

// Runs the sheet of the fields; if they change meanwhile, once more.
async function refresh() {
  again = true;
  if (busy) return;
  busy = true;
  try {
    while (again) {
      again = false;
      await new Promise(requestAnimationFrame);
      await draw();
    }
  } catch (error) {
    stop(error);
  } finally {
    busy = false;
  }
}

const fail = (error) => {
  if (error instanceof WebAssembly.RuntimeError) throw error;
  return error;
};

// The first field whose value cannot be taken, if there is one. The library judges all else.
function wrongField() {
  const key = ["columns", "number"].find((key) => !byId(key).closest("[data-views]").hidden && refused(key, read(key)));
  if (key) complain(key, `${refused(key, read(key))}, and it is \`${read(key)}\``);
  return key;
}

async function draw() {
  clearComplaints();
  if (images.length === 0) {
    byId("sheet").replaceChildren();
    byId("status").textContent = "No image yet: choose or drop some, or take the two samples.";
    return;
  }
  if (wrongField()) return;
  let planned;
  try {
    planned = page.plan(request(info));
  } catch (error) {
    if (typeof error !== "string") throw error;
    const { field, message } = JSON.parse(error);
    complain(field, message);
    byId("status").textContent = "The last sheet that could be made; see the message in red.";
    return;
  }
  job = planned;
  const onGpu = read("device") === "webgpu" && (await openGpu());
  const [shown, start] = [images, performance.now()];
  let pixels;
  try {
    pixels = await planned.run(onGpu);
  } catch (error) {
    complain("device", String(fail(error).message ?? error));
    return;
  }
  const time = performance.now() - start;
  const cells = showSheet(shown, planned, pixels, read("view"));
  const megapixels = cells.reduce((sum, { width, height }) => sum + width * height, 0) / 1e6;
  byId("status").textContent =
    `${cells.length} images, ${megapixels.toFixed(2)} megapixels, in ${milliseconds(time)} on ${deviceName(pixels)}`;
}

const milliseconds = (time) => `${time < 10 ? time.toFixed(1) : Math.round(time)} ms`;

const deviceName = (pixels) => (pixels.device() === "CPU" ? "the CPU, as WebAssembly" : `WebGPU: ${gpuName}`);

let gpuName;

// Opens WebGPU once. Says at the field if there is none.
async function openGpu() {
  if (gpuName) return true;
  try {
    await page.open_gpu();
    const { vendor, architecture, description } = (await navigator.gpu.requestAdapter()).info;
    gpuName = [description || vendor, architecture].filter(Boolean).join(", ") || "its adapter has no name";
    complain("device", "");
    return true;
  } catch (error) {
    complain("device", `${fail(error).message ?? error}. The CPU runs instead.`);
    return false;
  }
}

// Runs the sheet on both devices and compares all bytes.
async function measure() {
  byId("measure").disabled = true;
  byId("measured").textContent = "Measuring.";
  try {
    if (!job || !(await openGpu())) {
      byId("measured").textContent = "";
      return;
    }
    const run = async (onGpu) => {
      const start = performance.now();
      const pixels = await job.run(onGpu);
      return [pixels, performance.now() - start];
    };
    const [, first] = await run(true);
    const [onGpu, second] = await run(true);
    const [onCpu, time] = await run(false);
    const { cells } = JSON.parse(job.describe());
    const same = cells.every((_, i) => {
      const other = onGpu.rgba(i);
      return onCpu.rgba(i).every((value, k) => value === other[k]);
    });
    byId("measured").textContent =
      `The CPU, as WebAssembly: ${milliseconds(time)}. WebGPU (${gpuName}): ${milliseconds(second)}, and ` +
      `${milliseconds(first)} the first time. ${same ? "All bytes are the same." : "The bytes differ: please report it."}`;
  } catch (error) {
    byId("measured").textContent = String(fail(error).message ?? error);
  } finally {
    byId("measure").disabled = false;
  }
}

// Decodes all files anew and gives them to the library.
async function decodeAll(notes = []) {
  const side = Number(read("side"));
  const decoded = [];
  for (const file of [...files]) {
    try {
      decoded.push(await decode(file, side));
    } catch (error) {
      notes.push(error.message);
      files.splice(files.indexOf(file), 1);
    }
  }
  for (let i = images.length; i > 0; i--) page.remove(i - 1);
  for (const { rgba, width, height } of decoded) page.add(rgba, width, height);
  images = decoded;
  byId("images").replaceChildren(...images.map(imageItem));
  byId("image-notes").replaceChildren(...[...notes, ...images.flatMap((one) => one.notes)].map(item));
  change();
}

let decoding = Promise.resolve();
// One after the other, so that two drops do not mix.
const decodeNext = (prepare) => {
  decoding = decoding.then(() => decodeAll(prepare())).catch(stop);
  return decoding;
};

function imageItem({ name, width, height }, place) {
  const li = item(`${name}, ${width} x ${height}`);
  const remove = text("button", "", "Remove");
  remove.type = "button";
  remove.setAttribute("aria-label", `Remove ${name}`);
  remove.addEventListener("click", () => decodeNext(() => void files.splice(place, 1)));
  li.append(remove);
  return li;
}

let areSamples = true;

// Takes files in place of the samples, or besides the own ones.
const take = (given) =>
  decodeNext(() => {
    const list = Array.from(given);
    if (list.length === 0) return [];
    if (areSamples) files = [];
    areSamples = false;
    const { images: fitting, notes } = chosen(list, files.length);
    files.push(...fitting);
    return notes;
  });

function listen() {
  byId("controls").addEventListener("submit", (event) => event.preventDefault());
  for (const key of Object.keys(DEFAULTS)) {
    const kinds = isChoice(key) ? [byId(key), "change"] : [byId(key), "input"];
    if (key === "side") byId(key).addEventListener("change", () => decodeNext(() => []));
    else kinds[0].addEventListener(kinds[1], () => change());
  }
  byId("preset").addEventListener("change", () => {
    if (byId("preset").value === "") return;
    write("policy", byId("preset").value);
    write("number", "1");
    change();
  });
  byId("next-seed").addEventListener("click", () => {
    const seed = read("seed").trim();
    write("seed", /^\d{1,19}$/.test(seed) ? String(BigInt(seed) + 1n) : "0");
    change();
  });
  byId("add-step").addEventListener("click", () => {
    info.sub_policies[Number(read("number")) - 1].push({ op: "Rotate", probability: 1, magnitude: 0 });
    edited(true);
  });
  byId("add-sub-policy").addEventListener("click", () => {
    const steps = info.sub_policies[Number(read("number")) - 1];
    info.sub_policies.push(steps.map((step) => ({ ...step })));
    write("number", String(info.sub_policies.length));
    edited(true);
  });
  byId("remove-sub-policy").addEventListener("click", () => {
    info.sub_policies.splice(Number(read("number")) - 1, 1);
    write("number", String(Math.min(Number(read("number")), info.sub_policies.length)));
    edited(true);
  });
  byId("measure").addEventListener("click", () => measure().catch(stop));
  byId("files").addEventListener("change", () => take(byId("files").files).then(() => (byId("files").value = "")));
  byId("samples").addEventListener("click", () =>
    decodeNext(() => {
      [files, areSamples] = [samples(), true];
      return [];
    }));
  byId("copy").addEventListener("click", () => copy(byId("copy-text").textContent, "The text"));
  byId("copy-link").addEventListener("click", () => copy(location.href, "The link"));
  for (const kind of ["dragover", "dragleave", "drop"]) {
    window.addEventListener(kind, (event) => {
      event.preventDefault();
      document.body.classList.toggle("dropping", kind === "dragover");
      if (kind === "drop") take(event.dataTransfer.files);
    });
  }
  window.addEventListener("paste", (event) => {
    if (event.clipboardData.files.length > 0) take(event.clipboardData.files);
  });
  window.addEventListener("hashchange", () => {
    restore(location.hash);
    decodeNext(() => []);
  });
}

load()
  .then(async () => {
    fillLists();
    restore(location.hash);
    listen();
    files = samples();
    await decodeNext(() => []);
  })
  .catch(stop);
