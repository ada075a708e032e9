// Lets a night pass: so many ticks a second, however often the screen is drawn.

import { Night, RATE, TICKS } from "./rules.js";
import { Picture } from "./drawing.js";

const byId = (id) => document.getElementById(id);

export const game = JSON.parse(byId("game").textContent);
export const field = byId("field");

// What the page shows of a night that has not begun.
const picture = new Picture(field, game.moth, game.level);
const unbegun = () => new Night(game.seed, game.moth.kind);
picture.draw(unbegun(), 0);
addEventListener("resize", () => { if (!running) picture.draw(unbegun(), 0); });

let running = false;

// Plays one night: asks for the keys of each tick, and says when it is over.
export function play(keysOf, ended) {
  const night = unbegun();
  let last = performance.now();
  let owed = 0;
  running = true;

  function frame(now) {
    // A page that was hidden goes on where it was.
    owed = Math.min(owed + (now - last) * RATE / 1000, RATE / 2);
    last = now;
    while (owed >= 1 && !night.over) {
      const touched = night.touched;
      night.step(keysOf(night));
      night.touched.unshift(...touched);
      owed -= 1;
    }
    picture.draw(night, night.over ? 0 : owed);
    byId("score").textContent = night.score;
    byId("streak").textContent = night.over ? night.longest : night.streak;
    byId("left").textContent = Math.ceil((TICKS - night.tick) / RATE);
    if (!night.over) return requestAnimationFrame(frame);
    running = false;
    ended(night);
  }
  requestAnimationFrame(frame);
}

export function onBegin(begin) {
  byId("begin").disabled = false;
  byId("begin").addEventListener("click", () => {
    byId("over").hidden = true;
    field.focus();
    begin();
  });
}
