// Draws a night. Colours come from the style sheet, so that they follow its scheme.

import { EMBER, HEIGHT, MOON, SIZE, TICKS, WIDTH } from "./rules.js";

const UNIT = 16;
const calm = matchMedia("(prefers-reduced-motion: reduce)");

export class Picture {
  constructor(canvas, moth, level) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.moth = moth;
    this.level = level;
    this.fore = new Path2D(moth.fore);
    this.hind = new Path2D(moth.hind);
    this.bursts = [];
    // The same stars every night, and never in a row.
    this.stars = Array.from({ length: 46 }, (_, i) => [(i * 137.5) % 360, (i * i * 23.7) % 480, 0.5 + (i % 3) * 0.35]);
    this.learnColours();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.learnColours());
  }

  learnColours() {
    const style = getComputedStyle(this.canvas);
    const names = ["sky-high", "sky-low", "star", "spark", "moon", "ember", "ember-core", "hill"];
    this.colours = Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
  }

  // `ahead` is the part of a tick that has passed since the last one.
  draw(night, ahead) {
    const scale = Math.min(devicePixelRatio || 1, 2) * (this.canvas.clientWidth || 360) / 360;
    const width = Math.round(360 * scale);
    if (this.canvas.width !== width) {
      this.canvas.width = width;
      this.canvas.height = Math.round(480 * scale);
    }
    this.context.setTransform(scale, 0, 0, scale, 0, 0);
    this.sky(night);
    for (const thing of night.falling) this.thing(thing, night, ahead);
    for (const thing of night.touched) this.bursts.push({ ...thing, since: night.tick });
    night.touched = [];
    this.bursts = this.bursts.filter((burst) => night.tick - burst.since < 20);
    for (const burst of this.bursts) this.burst(burst, (night.tick - burst.since) / 20);
    this.flyer(night);
  }

  sky(night) {
    const { context, colours } = this;
    const sky = context.createLinearGradient(0, 0, 0, 480);
    sky.addColorStop(0, colours["sky-high"]);
    sky.addColorStop(1, colours["sky-low"]);
    context.fillStyle = sky;
    context.fillRect(0, 0, 360, 480);
    context.fillStyle = colours.star;
    for (const [x, y, size] of this.stars) {
      context.beginPath();
      context.arc(x, y, size, 0, 7);
      context.fill();
    }
    context.fillStyle = colours.hill;
    context.beginPath();
    context.moveTo(0, 480);
    context.lineTo(0, 452);
    context.bezierCurveTo(70, 424, 130, 470, 200, 448);
    context.bezierCurveTo(260, 430, 310, 462, 360, 440);
    context.lineTo(360, 480);
    context.fill();
    // What is left of the night burns down along the upper edge.
    context.fillStyle = colours.spark;
    context.fillRect(0, 0, 360 * (1 - night.tick / TICKS), 3);
  }

  thing({ what, x, y, dx, dy }, night, ahead) {
    const { context, colours } = this;
    const [px, py] = [(x + dx * ahead) / UNIT, (y + dy * ahead) / UNIT];
    const radius = SIZE[what] / UNIT;
    if (what === EMBER) {
      const tail = context.createLinearGradient(px, py - radius * 3, px, py);
      tail.addColorStop(0, "transparent");
      tail.addColorStop(1, colours.ember);
      context.fillStyle = tail;
      context.beginPath();
      context.moveTo(px - radius * 0.8, py);
      context.lineTo(px, py - radius * 3);
      context.lineTo(px + radius * 0.8, py);
      context.fill();
      this.disc(px, py, radius, colours.ember);
      this.disc(px, py + 2, radius * 0.5, colours["ember-core"]);
      return;
    }
    const colour = what === MOON ? colours.moon : colours.spark;
    context.globalAlpha = 0.22;
    this.disc(px, py, radius * 2.2, colour);
    context.globalAlpha = 1;
    if (what === MOON) {
      context.fillStyle = colour;
      context.beginPath();
      context.arc(px, py, radius * 1.2, 0.9, 5.4);
      context.arc(px + radius * 0.55, py, radius * 0.85, 5.0, 1.3, true);
      context.fill();
    } else {
      this.star(px, py, radius, calm.matches ? 0 : night.tick / 20, colour);
    }
  }

  star(x, y, radius, turned, colour) {
    const { context } = this;
    context.fillStyle = colour;
    context.beginPath();
    for (let i = 0; i < 8; i += 1) {
      const far = i % 2 ? radius * 0.42 : radius * 1.25;
      context.lineTo(x + far * Math.cos(turned + i * Math.PI / 4), y + far * Math.sin(turned + i * Math.PI / 4));
    }
    context.fill();
  }

  disc(x, y, radius, colour) {
    this.context.fillStyle = colour;
    this.context.beginPath();
    this.context.arc(x, y, radius, 0, 7);
    this.context.fill();
  }

  burst({ what, x, y }, age) {
    const { context, colours } = this;
    context.strokeStyle = what === EMBER ? colours.ember : colours.spark;
    context.globalAlpha = 1 - age;
    context.lineWidth = 2;
    context.beginPath();
    context.arc(x / UNIT, y / UNIT, 6 + age * 26, 0, 7);
    context.stroke();
    context.globalAlpha = 1;
  }

  flyer(night) {
    const { context, moth } = this;
    const beat = calm.matches ? 1 : 0.78 + 0.22 * Math.sin(night.tick * 0.9);
    context.save();
    context.translate(Math.min(Math.max(night.x / UNIT, 12), 348), Math.min(Math.max(night.y / UNIT, 14), 448));
    context.scale(0.5, 0.5);
    if (night.dazed) {
      context.globalAlpha = 0.55;
      context.rotate(0.35);
    }
    for (const side of [1, -1]) {
      context.save();
      context.scale(side * (night.dazed ? 0.5 : beat), 1);
      context.fillStyle = moth.colours[1];
      context.fill(this.hind);
      context.fillStyle = moth.colours[0];
      context.fill(this.fore);
      // With each level it has one more spot on a wing, up to four.
      for (let spot = 0; spot < Math.min(this.level, 4); spot += 1) {
        this.disc(moth.spot[0] * (1 - spot * 0.22), moth.spot[1] + spot * 7, 4 - spot * 0.6, moth.colours[2]);
      }
      context.restore();
    }
    context.fillStyle = moth.colours[2];
    context.beginPath();
    context.ellipse(0, 2, 4.4, 16, 0, 0, 7);
    context.fill();
    context.restore();
  }
}

export const FIELD = { width: WIDTH, height: HEIGHT };
