// Images: files that the browser decodes to bytes, as little changed as it can.
"use strict";

// The most images of a sheet, and the most bytes of a file.
const MOST_IMAGES = 12;
const MOST_FILE_BYTES = 64e6;

// No color management, and no multiplication by alpha: both would change bytes.
const AS_STORED = { colorSpaceConversion: "none", premultiplyAlpha: "none" };

// The bytes in an element of the page.
function inlined(id) {
  const text = atob(document.getElementById(id).textContent.trim());
  const bytes = Uint8Array.from(text, (c) => c.charCodeAt(0));
  return new Blob([bytes], { type: document.getElementById(id).dataset.kind });
}

const samples = () => ["chelsea.jpg", "rocket.jpg"].map((name) => ({ name, blob: inlined(name) }));

// The part of `files` that can be shown, and what is said about the rest.
function chosen(files, there) {
  const notes = [];
  const named = files.map((file) => ({ name: file.name || "pasted image", blob: file }));
  const fitting = named.filter(({ name, blob }) => {
    if (blob.size <= MOST_FILE_BYTES) return true;
    notes.push(`${name} has ${Math.round(blob.size / 1e6)} MB, and a file may have ${MOST_FILE_BYTES / 1e6} MB.`);
    return false;
  });
  const room = MOST_IMAGES - there;
  if (fitting.length > room) {
    notes.push(`${fitting.length} images were given, and there is room for ${room}: a sheet has ${MOST_IMAGES} at most.`);
  }
  return { images: fitting.slice(0, room), notes };
}

// Decodes a file: its name, size and four bytes a pixel, no side longer than `most`, with notes for its user.
async function decode({ name, blob }, most) {
  const notes = [];
  let bitmap;
  try {
    bitmap = await createImageBitmap(blob, AS_STORED);
  } catch {
    throw new Error(`${name}: this browser cannot decode it; it may be broken, too large, or no image.`);
  }
  const [wide, high] = [bitmap.width, bitmap.height];
  const scale = most / Math.max(wide, high);
  if (scale < 1) {
    const side = (length) => Math.max(1, Math.round(length * scale));
    const size = { resizeWidth: side(wide), resizeHeight: side(high), resizeQuality: "high" };
    const smaller = await createImageBitmap(bitmap, { ...AS_STORED, ...size });
    bitmap.close();
    bitmap = smaller;
    notes.push(`${name}: made smaller by the browser, from ${wide} x ${high} to ${bitmap.width} x ${bitmap.height} pixels.`);
  }
  if (blob.type === "image/gif") notes.push(`${name}: of an animation, only the first frame.`);
  const { width, height } = bitmap;
  const { rgba, exact } = pixels(bitmap);
  bitmap.close();
  if (!exact) notes.push(`${name}: without WebGL, transparent pixels lose some of their color.`);
  return { name, width, height, rgba, notes };
}

let gl;

// The bytes of a bitmap. A texture keeps them; a 2D canvas would multiply colors by alpha.
function pixels(bitmap) {
  const { width, height } = bitmap;
  gl ??= document.createElement("canvas").getContext("webgl2") ?? false;
  if (gl && !gl.isContextLost() && Math.max(width, height) <= gl.getParameter(gl.MAX_TEXTURE_SIZE)) {
    const texture = gl.createTexture();
    const frame = gl.createFramebuffer();
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
    gl.bindFramebuffer(gl.FRAMEBUFFER, frame);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
    const rgba = new Uint8Array(4 * width * height);
    gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, rgba);
    gl.deleteFramebuffer(frame);
    gl.deleteTexture(texture);
    if (gl.getError() === gl.NO_ERROR) return { rgba, exact: true };
  }
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  const rgba = new Uint8Array(context.getImageData(0, 0, width, height).data.buffer);
  return { rgba, exact: rgba.every((value, i) => i % 4 !== 3 || value === 255) };
}
