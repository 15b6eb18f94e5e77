// The maps of a prompt's words as the server answers them: drawn over an image, and read at a place.
import { api } from "../../scripts/api.js";

const INFERNO = [
  [0, 0, 4], [31, 12, 72], [85, 15, 109], [136, 34, 106], [186, 54, 85], [227, 89, 51],
  [249, 140, 10], [249, 201, 50], [252, 255, 164],
];
const [COLD, HOT] = [0.35, 0.75]; // how much of the image the coldest and the hottest places cover

const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));

// What the server says of a view { run, image, concept, heads }: its maps, or { error } with the
// reason and `unknown` where all that is amiss is the concept.
export async function askMaps(view) {
  const answer = await api.fetchApi("/hrv/map", {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(view),
  }).catch(() => null);
  if (!answer) return { error: "ComfyUI does not answer. Start it again, then Run." };
  return answer.json().catch(() => ({ error: `The server answered ${answer.status}.` }));
}

// { size: [rows, columns], most, words: [{ pick, heat, times }] } with bytes for the hex.
export function readMaps({ size, most, words }) {
  const read = ({ pick, heat, times }) => ({ pick, heat: bytes(heat), times: bytes(times) });
  return { size, most, words: words.map(read) };
}

// The words at a place (x, y from 0 to 1), each { pick, times }: how many times its average over
// the image it is attended to there, the highest first.
export function wordsAt({ size: [rows, columns], most, words }, x, y) {
  const cell = (part, count) => Math.min(count - 1, Math.max(0, Math.floor(part * count)));
  const place = cell(y, rows) * columns + cell(x, columns);
  const ranked = words.map(({ pick, times }) => ({ pick, times: (times[place] / 255) * most }));
  return ranked.sort((a, b) => b.times - a.times);
}

function colour(level) {
  const at = level * (INFERNO.length - 1);
  const low = Math.min(Math.floor(at), INFERNO.length - 2);
  return INFERNO[low].map((from, i) => from + (INFERNO[low + 1][i] - from) * (at - low));
}

// Draws a word's heat, a pixel for each place; the page stretches the canvas smoothly.
export function drawHeat(canvas, { size: [rows, columns] }, heat) {
  Object.assign(canvas, { width: columns, height: rows });
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, rows);
  heat.forEach((byte, place) => {
    const level = byte / 255;
    image.data.set([...colour(level), 255 * (COLD + (HOT - COLD) * level)], 4 * place);
  });
  context.putImageData(image, 0, 0);
}
