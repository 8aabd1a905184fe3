const FIRST_SLOTS = 1 << 12;

/** Open-addressing table of one generation: 64 bits of a leaf hash and the record's index, 12 bytes a slot. */
class Generation {
  readonly base: number;
  count = 0;
  #keys = new Uint32Array(2 * FIRST_SLOTS);
  #values = new Uint32Array(FIRST_SLOTS);

  constructor(base: number) {
    this.base = base;
  }

  add(a: number, b: number, index: number): void {
    if (2 * (this.count + 1) > this.#values.length) this.#grow();
    this.#put(a, b, index - this.base + 1);
    this.count++;
  }

  find(a: number, b: number, same: (index: number) => boolean): number {
    const mask = this.#values.length - 1;
    for (let slot = b & mask; this.#values[slot] !== 0; slot = (slot + 1) & mask) {
      if (this.#keys[2 * slot] !== a || this.#keys[2 * slot + 1] !== b) continue;
      const index = (this.#values[slot] as number) - 1 + this.base;
      if (same(index)) return index;
    }
    return -1;
  }

  #put(a: number, b: number, value: number): void {
    const mask = this.#values.length - 1;
    let slot = b & mask;
    while (this.#values[slot] !== 0) slot = (slot + 1) & mask;
    this.#keys[2 * slot] = a;
    this.#keys[2 * slot + 1] = b;
    this.#values[slot] = value;
  }

  #grow(): void {
    const [keys, values] = [this.#keys, this.#values];
    this.#keys = new Uint32Array(keys.length * 2);
    this.#values = new Uint32Array(values.length * 2);
    for (let slot = 0; slot < values.length; slot++) {
      if (values[slot] === 0) continue;
      this.#put(keys[2 * slot] as number, keys[2 * slot + 1] as number, values[slot] as number);
    }
  }
}

/**
 * Recognises leaf hashes among the newest records in bounded memory: at least `window` of them, at most twice as many,
 * at 24 to 48 bytes each. It names candidates by 64 bits of the hash; the caller compares the whole hash.
 */
export class RecentHashes {
  readonly window: number;
  #young = new Generation(0);
  #old: Generation | undefined;

  constructor(window: number) {
    this.window = window;
  }

  /** Remembers the hash at `hashes[at ...]` as record `index`. */
  add(hashes: Buffer, at: number, index: number): void {
    if (this.window === 0) return;
    if (this.#young.count >= this.window) {
      this.#old = this.#young;
      this.#young = new Generation(index);
    } else if (this.#young.count === 0) this.#young = new Generation(index);
    this.#young.add(hashes.readUInt32LE(at), hashes.readUInt32LE(at + 4), index);
  }

  /** Index of a remembered record that `same` accepts, newest generation first, or -1. */
  find(hashes: Buffer, at: number, same: (index: number) => boolean): number {
    const a = hashes.readUInt32LE(at);
    const b = hashes.readUInt32LE(at + 4);
    const young = this.#young.find(a, b, same);
    return young >= 0 || !this.#old ? young : this.#old.find(a, b, same);
  }
}
