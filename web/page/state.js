// State: everything that a link keeps, in the page's fields and in the address.
"use strict";

const byId = (id) => document.getElementById(id);

// Every field with its value where the link says nothing.
const DEFAULTS = {
  view: "draws",
  policy: "imagenet",
  convention: "",
  interpolation: "",
  seed: "3",
  columns: "6",
  number: "1",
  op: "Rotate",
  magnitude: "5",
  negative: "0",
  other: "deepvoltaire",
  always: "1",
  side: "320",
  device: "cpu",
  form: "command",
};

const isChoice = (key) => key === "view" || key === "form";
const choice = (key, value) => document.querySelector(`input[name="${key}"][value="${CSS.escape(value)}"]`);

function read(key) {
  if (isChoice(key)) return document.querySelector(`input[name="${key}"]:checked`).value;
  const field = byId(key);
  return field.type === "checkbox" ? (field.checked ? "1" : "0") : field.value;
}

function write(key, value) {
  if (isChoice(key)) choice(key, value).checked = true;
  else if (byId(key).type === "checkbox") byId(key).checked = value === "1";
  else byId(key).value = value;
}

// Why a link's value cannot be taken; nothing if it can. A policy's text is judged by the library, at its field.
function refused(key, value) {
  if (!Object.hasOwn(DEFAULTS, key)) return "there is no such field";
  if (isChoice(key)) return choice(key, value) ? "" : "there is no such choice";
  const field = byId(key);
  if (key === "seed") return /^\d{1,20}$/.test(value) ? "" : "it must be a whole number";
  if (field.type === "checkbox") return value === "0" || value === "1" ? "" : "it must be 0 or 1";
  if (field.tagName === "SELECT") {
    return Array.from(field.options).some((option) => option.value === value) ? "" : "there is no such choice";
  }
  if (field.type === "number") {
    const inside = /^\d{1,6}$/.test(value) && Number(value) >= field.min && Number(value) <= field.max;
    return inside ? "" : `it must be a whole number of ${field.min} to ${field.max}`;
  }
  if (field.type === "range") return /^\d{1,2}(\.\d{1,20})?$/.test(value) ? "" : "it must be a number of 0 to 99";
  return value.length <= field.maxLength ? "" : `it has more than ${field.maxLength} characters`;
}

// Puts a link's values into the fields, and says what of it was ignored.
function restore(hash) {
  const notes = [];
  const values = { ...DEFAULTS };
  for (const [key, value] of new URLSearchParams(hash.replace(/^#/, ""))) {
    const reason = refused(key, value);
    const shown = value.length > 40 ? `${value.slice(0, 40)}…` : value;
    if (reason) notes.push(`Of the link, ${key}=${shown} was ignored: ${reason}.`);
    else values[key] = value;
  }
  // The magnitudes of a sweep depend on the convention, so that it comes first.
  for (const [key, value] of Object.entries(values)) if (key !== "magnitude") write(key, value);
  setMagnitudeRange();
  write("magnitude", values.magnitude);
  if (Number(read("magnitude")) !== Number(values.magnitude)) {
    notes.push(`Of the link, magnitude=${values.magnitude} became ${read("magnitude")}: the convention has no such magnitude.`);
  }
  byId("link-notes").replaceChildren(...notes.map((note) => item(note)));
}

// What a link to this state has after its `#`.
function link() {
  const values = Object.keys(DEFAULTS).map((key) => [key, read(key)]);
  return new URLSearchParams(values.filter(([key, value]) => value !== DEFAULTS[key])).toString();
}

// What the library is asked for.
function request(info) {
  const whole = (key) => Math.max(0, Math.trunc(Number(read(key))) || 0);
  const number = whole("number");
  const last = info?.sub_policies?.length ?? number;
  const count = Math.min(whole("columns"), Math.max(last - number + 1, 1));
  const views = {
    draws: { columns: whole("columns") },
    "sub-policies": { numbers: Array.from({ length: count }, (_, i) => number + i) },
    sweep: { op: read("op"), magnitude: Number(read("magnitude")), negative: read("negative") === "1" },
    compare: { number, other: read("other"), always: read("always") === "1" },
  };
  const fields = ["policy", "convention", "interpolation", "seed"].map((key) => [key, read(key)]);
  const view = read("view");
  return JSON.stringify({ ...Object.fromEntries(fields), view: { [view]: views[view] } });
}

// Says at a field what is wrong with it; nothing if the message is empty.
function complain(field, message) {
  const place = byId(`${field}-error`) ?? byId("request-error");
  place.textContent = message;
  if (byId(field)?.matches("input, select, textarea")) byId(field).setAttribute("aria-invalid", String(message !== ""));
}

function clearComplaints() {
  for (const place of document.querySelectorAll('[id$="-error"]')) {
    if (place.id !== "device-error") complain(place.id.replace("-error", ""), "");
  }
}

function item(text) {
  const li = document.createElement("li");
  li.textContent = text;
  return li;
}
