import type { OnnxTensor } from "../tensor.ts";
import { type Call, define, type OnnxOp } from "./op.ts";

// Regular expressions in the syntax of RE2, run as a set of states that walk over the text together: the time is at most
// states times characters, whatever the pattern. What this file does not know is refused.

type Test = (code: number) => boolean;
type Step =
  | { readonly kind: "take"; readonly test: Test; next: number }
  | { readonly kind: "fork"; ways: number[] }
  | { readonly kind: "at"; readonly test: (before: number, after: number) => boolean; next: number }
  | { readonly kind: "end" };

/** Most states of a pattern. */
const MAX_STATES = 20_000;
const MAX_COUNT = 1000;
const MAX_DEPTH = 200;
/** Stands before the first and after the last character. */
const NOTHING = -1;

const code = (text: string): number => text.codePointAt(0) as number;
const within =
  (from: string, to: string): Test =>
  (c) =>
    c >= code(from) && c <= code(to);
const digit = within("0", "9");
const [upper, lower] = [within("A", "Z"), within("a", "z")];
const word: Test = (c) => digit(c) || upper(c) || lower(c) || c === 95;
const space: Test = (c) => c === 9 || c === 10 || c === 12 || c === 13 || c === 32;
const not =
  (test: Test): Test =>
  (c) =>
    !test(c);
const CLASSES: Readonly<Record<string, Test>> = {
  d: digit,
  D: not(digit),
  w: word,
  W: not(word),
  s: space,
  S: not(space),
};
const CONTROLS: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, f: 12 };
const edge = (before: number, after: number): boolean => word(before) !== word(after);
const PLACES: Readonly<Record<string, (before: number, after: number) => boolean>> = {
  "^": (before) => before === NOTHING,
  $: (_, after) => after === NOTHING,
  b: edge,
  B: (before, after) => !edge(before, after),
};

/** A part of a pattern: writes its states in front of the state `next` and says where it starts. */
type Part = (next: number) => number;

/** A pattern read into states; `refuse` throws. */
class Pattern {
  readonly steps: Step[] = [{ kind: "end" }];
  /** Whether a class of letters, digits or spaces is asked for: dialects read them apart outside of ASCII. */
  classes = false;
  readonly start: number;
  readonly #text: string[];
  readonly #refuse: (why: string) => never;
  #at = 0;

  constructor(pattern: string, refuse: (why: string) => never) {
    this.#text = [...pattern];
    this.#refuse = refuse;
    const whole = this.#choice(0);
    if (this.#at < this.#text.length) refuse("an unopened parenthesis in the pattern");
    this.start = whole(0);
  }

  #peek(ahead = 0): string {
    return this.#text[this.#at + ahead] ?? "";
  }

  #add(step: Step): number {
    if (this.steps.length >= MAX_STATES) this.#refuse(`a pattern of more than ${MAX_STATES} states`);
    return this.steps.push(step) - 1;
  }

  #choice(depth: number): Part {
    if (depth > MAX_DEPTH) this.#refuse("a pattern nested so deep");
    const ways = [this.#row(depth)];
    while (this.#peek() === "|") {
      this.#at++;
      ways.push(this.#row(depth));
    }
    if (ways.length === 1) return ways[0] as Part;
    return (next) => this.#add({ kind: "fork", ways: ways.map((way) => way(next)) });
  }

  #row(depth: number): Part {
    const parts: Part[] = [];
    while (this.#at < this.#text.length && this.#peek() !== "|" && this.#peek() !== ")")
      parts.push(this.#repeated(depth));
    return (next) => parts.reduceRight((to, part) => part(to), next);
  }

  #repeated(depth: number): Part {
    const part = this.#atom(depth);
    const counts = this.#counts();
    if (counts === undefined) return part;
    if (this.#peek() === "?") this.#at++; // lazy: the same texts match as a whole
    if (this.#counts() !== undefined || this.#peek() === "+") this.#refuse("a repetition of a repetition");
    const [least, most] = counts;
    return (next) => {
      let to = next;
      if (most === Number.POSITIVE_INFINITY) {
        const fork: Step = { kind: "fork", ways: [next] };
        to = this.#add(fork);
        fork.ways.push(part(to));
      } else for (let i = least; i < most; i++) to = this.#add({ kind: "fork", ways: [next, part(to)] });
      for (let i = 0; i < least; i++) to = part(to);
      return to;
    };
  }

  /** `*`, `+`, `?` or `{n,m}` at this place. */
  #counts(): readonly [number, number] | undefined {
    const sign = this.#peek();
    const known = { "*": [0, Number.POSITIVE_INFINITY], "+": [1, Number.POSITIVE_INFINITY], "?": [0, 1] } as const;
    if (sign === "*" || sign === "+" || sign === "?") {
      this.#at++;
      return known[sign];
    }
    const found =
      sign === "{" ? /^\{(\d{1,5})(,(\d{0,5}))?\}/.exec(this.#text.slice(this.#at, this.#at + 16).join("")) : null;
    if (sign === "{" && found === null) this.#refuse("a brace that is no repetition");
    if (found === null) return undefined;
    const least = Number(found[1]);
    const most = found[2] === undefined ? least : found[3] === "" ? Number.POSITIVE_INFINITY : Number(found[3]);
    if (least > MAX_COUNT || (most !== Number.POSITIVE_INFINITY && most > MAX_COUNT) || most < least)
      this.#refuse(`the repetition ${found[0]}`);
    this.#at += found[0].length;
    return [least, most];
  }

  #take(test: Test): Part {
    return (next) => this.#add({ kind: "take", test, next });
  }

  #place(sign: string): Part {
    return (next) => this.#add({ kind: "at", test: PLACES[sign] as (a: number, b: number) => boolean, next });
  }

  #atom(depth: number): Part {
    const sign = this.#peek();
    this.#at++;
    if (sign === "(") return this.#group(depth);
    if (sign === "[") return this.#take(this.#set());
    if (sign === ".") return this.#take((c) => c !== 10);
    if (sign === "^" || sign === "$") return this.#place(sign);
    if (sign === "*" || sign === "+" || sign === "?" || sign === "{") return this.#refuse("a repetition of nothing");
    if (sign !== "\\") return this.#take((c) => c === code(sign));
    const next = this.#peek();
    if (next === "b" || next === "B") {
      this.#at++;
      this.classes = true;
      return this.#place(next);
    }
    return this.#take(this.#escaped());
  }

  #group(depth: number): Part {
    if (this.#peek() === "?") {
      const head = /^\?(:|P?<[A-Za-z_]\w*>)/.exec(this.#text.slice(this.#at, this.#at + 80).join(""));
      if (head === null) return this.#refuse("this kind of group");
      this.#at += head[0].length;
    }
    const inner = this.#choice(depth + 1);
    if (this.#peek() !== ")") this.#refuse("an unclosed parenthesis in the pattern");
    this.#at++;
    return inner;
  }

  /** What stands behind a backslash: a class, a control character, or a sign that means itself. */
  #escaped(): Test {
    const sign = this.#peek();
    this.#at++;
    const known = CLASSES[sign];
    if (known !== undefined) {
      this.classes = true;
      return known;
    }
    const control = CONTROLS[sign];
    if (control === undefined && !/^[!-/:-@[-`{-~]$/.test(sign)) this.#refuse(`the escape \\${sign}`);
    const wanted = control ?? code(sign);
    return (c) => c === wanted;
  }

  #set(): Test {
    const negated = this.#peek() === "^";
    if (negated) this.#at++;
    const tests: Test[] = [];
    for (let first = true; first || this.#peek() !== "]"; first = false) {
      if (this.#at >= this.#text.length) this.#refuse("an unclosed bracket in the pattern");
      if (this.#peek() === "[" && this.#peek(1) === ":") this.#refuse("a class by name");
      const from = this.#peek();
      this.#at++;
      if (from === "\\" && (CLASSES[this.#peek()] !== undefined || this.#peek(1) !== "-" || this.#peek(2) === "]")) {
        tests.push(this.#escaped());
        continue;
      }
      if (this.#peek() !== "-" || this.#peek(1) === "]" || this.#peek(1) === "") {
        tests.push((c) => c === code(from));
        continue;
      }
      const to = this.#peek(1);
      if (from === "\\" || to === "\\" || to === "[" || code(to) < code(from)) this.#refuse("this range in a bracket");
      this.#at += 2;
      tests.push(within(from, to));
    }
    this.#at++;
    const any: Test = (c) => tests.some((test) => test(c));
    return negated ? not(any) : any;
  }
}

/** Whether a text matches as a whole. */
function matches({ steps, start }: Pattern, text: readonly number[]): boolean {
  const reach = (places: readonly number[], before: number, after: number): number[] => {
    const seen = new Set<number>();
    const [open, found] = [[...places], [] as number[]];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (seen.has(at)) continue;
      seen.add(at);
      const step = steps[at] as Step;
      if (step.kind === "fork") open.push(...step.ways);
      else if (step.kind === "at") {
        if (step.test(before, after)) open.push(step.next);
      } else found.push(at);
    }
    return found;
  };
  let now = reach([start], NOTHING, text[0] ?? NOTHING);
  for (let i = 0; i < text.length && now.length > 0; i++) {
    const taken = now.flatMap((at) => {
      const step = steps[at] as Step;
      return step.kind === "take" && step.test(text[i] as number) ? [step.next] : [];
    });
    now = reach(taken, text[i] as number, text[i + 1] ?? NOTHING);
  }
  return now.some((at) => (steps[at] as Step).kind === "end");
}

function fullMatch(call: Call): OnnxTensor[] {
  const x = call.tensor(0);
  call.expectKind(x, "string");
  const pattern = new Pattern(call.string("pattern", ""), (why) => {
    throw call.unsupported(why);
  });
  const texts = (x.data as string[]).map((text) => [...text].map(code));
  const characters = texts.reduce((sum, text) => sum + text.length + 1, 0);
  if (characters * pattern.steps.length > 2 ** 30) throw call.unsupported("so long texts against so large a pattern");
  if (pattern.classes && texts.some((text) => text.some((c) => c > 127)))
    throw call.unsupported("classes of letters on texts outside of ASCII, where dialects differ,");
  return [{ dtype: "bool", shape: x.shape, data: Uint8Array.from(texts, (text) => (matches(pattern, text) ? 1 : 0)) }];
}

/** Regular expressions. */
export const regexOps: readonly OnnxOp[] = [define("RegexFullMatch", [20], "pattern", fullMatch)];
