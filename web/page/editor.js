// Editor: one sub-policy, step by step, with sliders. It writes the policy's text.
"use strict";

// A number as a policy's text has it.
const short = (number) => String(Number(Number(number).toFixed(4)));

const stepText = (step) => `${step.op} ${short(step.probability)} ${short(step.magnitude)}`;

function policyText(info) {
  const lines = info.sub_policies.map((steps) => steps.map(stepText).join(" + "));
  return [`convention ${info.convention}`, ...lines].join("\n");
}

// Shows the steps of sub-policy `number`. `changed(isFinished)` is called after each edit; a slider keeps its place.
function showSteps(info, number, convention, changed) {
  const steps = info?.sub_policies?.[number - 1];
  byId("steps").replaceChildren(...(steps ?? []).map((step, k) => stepFields(steps, step, k, convention, changed)));
  for (const id of ["add-step", "add-sub-policy", "remove-sub-policy"]) byId(id).disabled = !steps;
  if (steps) byId("remove-sub-policy").disabled = info.sub_policies.length === 1;
}

function stepFields(steps, step, k, convention, changed) {
  const box = document.createElement("div");
  box.className = "step";
  const operation = document.createElement("select");
  operation.replaceChildren(...listing.operations.map(({ name }) => new Option(name, name, false, name === step.op)));
  operation.setAttribute("aria-label", `Operation of step ${k + 1}`);
  operation.addEventListener("change", () => {
    step.op = operation.value;
    changed(true);
  });
  const remove = document.createElement("button");
  remove.type = "button";
  remove.textContent = "Remove";
  remove.setAttribute("aria-label", `Remove step ${k + 1}`);
  remove.disabled = steps.length === 1;
  remove.addEventListener("click", () => {
    steps.splice(k, 1);
    changed(true);
  });
  const whole = !convention.fractional;
  const hasMagnitude = convention.with_magnitude.includes(step.op);
  box.append(
    operation,
    remove,
    slider("probability", `Probability of step ${k + 1}`, step, 1, 0.01, true, changed),
    slider("magnitude", `Magnitude of step ${k + 1}`, step, convention.last, whole ? 1 : convention.last / 100, hasMagnitude, changed),
  );
  return box;
}

function slider(name, label, step, most, by, enabled, changed) {
  const box = document.createElement("label");
  const [field, value] = [document.createElement("input"), document.createElement("output")];
  Object.assign(field, { type: "range", min: 0, max: most, step: by, value: step[name], disabled: !enabled });
  field.setAttribute("aria-label", label);
  value.textContent = enabled ? short(step[name]) : "none";
  field.addEventListener("input", () => {
    step[name] = Number(field.value);
    value.textContent = short(field.value);
    changed(false);
  });
  box.append(name, field, value);
  return box;
}
