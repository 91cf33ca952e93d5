// Sheet: the images in rows, and beside each what the columns made of it.
"use strict";

// Smaller images are enlarged by whole factors, so that their pixels stay square.
const SMALL = 160;

function cell(image, heading, details, caption, unchanged) {
  const figure = document.createElement("figure");
  const head = document.createElement("header");
  head.append(text("div", "heading", heading), ...details.map((line) => text("div", "detail", line)));
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.width, image.height];
  canvas.getContext("2d").putImageData(new ImageData(image.rgba, image.width, image.height), 0, 0);
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `${image.name}, ${heading}: ${caption.join(", ")}`);
  if (image.title) canvas.title = image.title;
  if (image.width < SMALL) {
    canvas.className = "small";
    canvas.style.width = `${image.width * Math.floor(SMALL / image.width)}px`;
  }
  const under = document.createElement("figcaption");
  under.append(...caption.map((line) => text("div", "", line)));
  if (unchanged) under.className = "unchanged";
  figure.append(head, canvas, under);
  return figure;
}

function text(tag, name, content) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  element.textContent = content;
  return element;
}

// Shows what a job made.
function showSheet(images, job, pixels, view) {
  const { columns, cells } = JSON.parse(job.describe());
  const captions = new Map(JSON.parse(pixels.captions()));
  const most = Math.max(0, ...columns.map(({ details }) => details.length));
  const padded = (details) => [...Array(most - details.length).fill("\u00a0"), ...details];
  const sections = images.map((image) => {
    const section = document.createElement("section");
    const row = document.createElement("div");
    row.className = "cells";
    const opaque = new Uint8ClampedArray(image.rgba);
    for (let i = 3; i < opaque.length; i += 4) opaque[i] = 255;
    row.append(cell({ ...image, rgba: opaque }, "original", padded([]), ["\u00a0"], true));
    section.append(text("h3", "", `${image.name}, ${image.width} x ${image.height}`), row);
    return section;
  });
  cells.forEach((planned, place) => {
    const { heading, details } = columns[planned.column];
    const image = {
      name: images[planned.row].name,
      width: planned.width,
      height: planned.height,
      rgba: pixels.rgba(place),
      title: planned.operations.join("\n"),
    };
    const caption = captions.get(place) ?? (planned.caption.length > 0 ? planned.caption : ["unchanged"]);
    const unchanged = !planned.is_difference && planned.caption.length === 0;
    const figure = cell(image, heading, padded(details), caption, unchanged);
    figure.dataset.column = planned.column;
    // Groups come by size, so that cells of a row come in the order of columns all the same.
    sections[planned.row].lastChild.append(figure);
  });
  byId("sheet").className = view;
  byId("sheet").replaceChildren(...sections);
  return cells;
}
