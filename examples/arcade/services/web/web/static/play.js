// A night of one's own: keys and fingers become moves, moves are sent to be judged.

import { DOWN, LEFT, RIGHT, UP } from "./rules.js";
import { FIELD } from "./drawing.js";
import { field, game, onBegin, play } from "./loop.js";

const KEYS = {
  ArrowLeft: LEFT, ArrowRight: RIGHT, ArrowUp: UP, ArrowDown: DOWN,
  KeyA: LEFT, KeyD: RIGHT, KeyW: UP, KeyS: DOWN,
};
const STORES = {
  replays: "Replay", players: "Best score", characters: "Experience", matches: "History", lobby: "Best today",
};
const AGAIN = 1500;

const moves = [];
let held = 0;
let finger = null;
let playing = false;

addEventListener("keydown", (event) => {
  if (!(event.code in KEYS) || !playing) return;
  held |= KEYS[event.code];
  event.preventDefault();
});
addEventListener("keyup", (event) => { if (event.code in KEYS) held &= ~KEYS[event.code]; });
addEventListener("blur", () => { held = 0; });

for (const kind of ["pointerdown", "pointermove"]) {
  field.addEventListener(kind, (event) => {
    if (kind === "pointermove" && finger === null) return;
    const box = field.getBoundingClientRect();
    finger = [(event.clientX - box.left) / box.width * FIELD.width, (event.clientY - box.top) / box.height * FIELD.height];
  });
}
for (const kind of ["pointerup", "pointercancel"]) addEventListener(kind, () => { finger = null; });

// The keys that lead to the finger.
function towards([x, y], night) {
  const near = night.kind.speed;
  return (x < night.x - near && LEFT) | (x > night.x + near && RIGHT) | (y < night.y - near && UP) | (y > night.y + near && DOWN);
}

function keysOf(night) {
  const keys = finger ? towards(finger, night) : held;
  const before = moves.length ? moves.at(-1)[1] : 0;
  if (keys !== before) moves.push([night.tick, keys]);
  return keys;
}

async function send() {
  try {
    const answer = await fetch(game.finish, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ moves }),
    });
    if (answer.ok) return show(await answer.json());
    if (answer.status < 500) return refuse();
  } catch (error) {
    console.warn(error);
  }
  document.getElementById("result").textContent = "The judge cannot be reached. Trying again…";
  return setTimeout(send, AGAIN);
}

function show(said) {
  const result = document.getElementById("result");
  const ended = document.getElementById("ended").content.cloneNode(true);
  ended.querySelector("h2").textContent = `${said.score} points`;
  ended.querySelector(".learned").textContent = `${said.caught} sparks, ${said.hits} embers`
    + (said.moth ? `. Your moth is at level ${said.moth.level}, with ${said.moth.experience} experience` : "");
  for (const [store, name] of Object.entries(STORES)) {
    const line = document.createElement("li");
    line.dataset.store = store;
    line.className = said.kept[store] ? "done" : "waits";
    line.textContent = said.kept[store] ? `${name} kept` : `${name} waits for ${store}`;
    ended.querySelector(".kept").append(line);
  }
  ended.querySelector(".watch").href = said.watch;
  result.replaceChildren(ended);
  document.getElementById("again").hidden = false;
  if (Object.values(said.kept).includes(false)) setTimeout(send, AGAIN);
}

function refuse() {
  document.getElementById("result").textContent = "The judge does not let this night count.";
  document.getElementById("again").hidden = false;
}

onBegin(() => {
  playing = true;
  play(keysOf, () => {
    playing = false;
    document.getElementById("result").textContent = "Asking the judge…";
    send();
  });
});
