// Somebody's night again, from the moves that were kept.

import { game, onBegin, play } from "./loop.js";

onBegin(() => {
  const moves = new Map(game.moves);
  let keys = 0;
  play((night) => (keys = moves.get(night.tick) ?? keys), () => {
    document.getElementById("over").hidden = false;
    document.getElementById("begin").textContent = "Once more";
  });
});
