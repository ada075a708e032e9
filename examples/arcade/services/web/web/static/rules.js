// The rules of the game, as the service `replays` knows them (`judge.py`): whole
// numbers only, so that the judge comes to the same score. 16 units are a pixel of
// the field, 50 ticks a second.

export const TICKS = 1500;
export const RATE = 50;
export const WIDTH = 5760;
export const HEIGHT = 7680;
export const LEFT = 1, RIGHT = 2, UP = 4, DOWN = 8;
export const SPARK = 0, MOON = 1, EMBER = 2;
export const SIZE = [96, 128, 240];
const BODY = 96;

export const KINDS = {
  luna: { speed: 52, reach: 480, dazed: 45 },
  hawk: { speed: 84, reach: 288, dazed: 45 },
  tiger: { speed: 64, reach: 320, dazed: 12 },
};

const clamp = (value, most) => Math.min(Math.max(value, 0), most);

export class Night {
  constructor(seed, kind) {
    this.kind = KINDS[kind];
    this.random = seed;
    this.tick = 0;
    this.x = WIDTH / 2;
    this.y = HEIGHT * 3 / 4;
    this.falling = [];
    this.touched = [];
    this.dazedUntil = 0;
    this.score = this.caught = this.hits = this.streak = this.longest = 0;
  }

  get over() { return this.tick >= TICKS; }
  get dazed() { return this.tick < this.dazedUntil; }

  step(keys) {
    this.touched = [];
    this.appear();
    if (!this.dazed) this.move(keys);
    for (const thing of this.falling) this.fall(thing);
    this.falling = this.falling.filter((thing) => thing.y < HEIGHT + 320);
    this.tick += 1;
  }

  appear() {
    if (this.tick % 16 === 0) this.add(this.below(14) === 0 ? MOON : SPARK);
    if (this.tick % (36 - Math.floor(this.tick / 75)) === 0) this.add(EMBER);
  }

  add(what) {
    const x = 320 + this.below(WIDTH - 640);
    const dx = this.below(33) - 16;
    let dy = 28 + this.below(24);
    if (what === EMBER) dy += 20 + Math.floor(this.tick / 40);
    this.falling.push({ what, x, y: -320, dx, dy });
  }

  move(keys) {
    const across = ((keys & RIGHT) > 0) - ((keys & LEFT) > 0);
    const along = ((keys & DOWN) > 0) - ((keys & UP) > 0);
    const pace = Math.floor(this.kind.speed * (across && along ? 11 : 16) / 16);
    this.x = clamp(this.x + across * pace, WIDTH);
    this.y = clamp(this.y + along * pace, HEIGHT);
  }

  fall(thing) {
    thing.x += thing.dx;
    thing.y += thing.dy;
    if (thing.x < 0 || thing.x > WIDTH) thing.dx = -thing.dx;
    const near = SIZE[thing.what] + (thing.what === EMBER ? BODY : this.kind.reach);
    const far = (thing.x - this.x) ** 2 + (thing.y - this.y) ** 2 > near ** 2;
    if (this.dazed || far) return;
    this.touched.push({ ...thing });
    thing.y = HEIGHT + 320;
    this.touch(thing.what);
  }

  touch(what) {
    if (what === EMBER) {
      this.hits += 1;
      this.streak = 0;
      this.score = Math.max(this.score - 20, 0);
      this.dazedUntil = this.tick + this.kind.dazed;
      return;
    }
    this.caught += 1;
    this.streak += 1;
    this.longest = Math.max(this.longest, this.streak);
    this.score += what === MOON ? 50 : 10 * Math.min(1 + Math.floor(this.streak / 5), 5);
  }

  below(limit) {
    let x = this.random;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.random = x >>> 0;
    return this.random % limit;
  }
}
