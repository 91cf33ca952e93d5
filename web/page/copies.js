// Copies: the result in other forms, and what copies them.
"use strict";

function showCopies(answer) {
  byId("copy-text").textContent = answer.failure ? "Nothing yet: see the message in red." : answer[read("form")];
  byId("copy").disabled = Boolean(answer.failure);
  byId("copied").textContent = "";
}

// Copies a text; where a browser refuses, selects it so that its user can.
async function copy(content, what) {
  try {
    await navigator.clipboard.writeText(content);
    byId("copied").textContent = `${what} copied.`;
  } catch {
    byId("copy-text").textContent = content;
    getSelection().selectAllChildren(byId("copy-text"));
    byId("copied").textContent = `This browser does not let the page copy. ${what} selected: press Ctrl+C.`;
  }
}
