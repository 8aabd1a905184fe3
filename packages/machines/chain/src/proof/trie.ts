// The Merkle Patricia trie of Ethereum's block roots (yellow paper, appendix D), as far as proofs of receipts need it.
import { InvalidInputError } from "@base/errors";
import { concatHex, fromRlp, type Hex, hexToBytes, keccak256, toRlp } from "viem";

type Node = Hex | readonly Node[];
interface Item {
  /** Hex digits of the key. */
  readonly key: string;
  readonly value: Hex;
}

/** Root of a trie without entries: keccak256 of an empty RLP string. */
export const EMPTY_TRIE: Hex = "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421";

/** A trie over all values of a block: entry `i` has the key RLP(i). */
export class IndexTrie {
  readonly root: Hex;
  readonly #items: readonly Item[];

  constructor(values: readonly Hex[]) {
    this.#items = values.map((value, index) => ({ key: indexKey(index), value }));
    this.root = values.length === 0 ? EMPTY_TRIE : keccak256(toRlp(build(this.#items, 0) as never));
  }

  /** Nodes from the root down to entry `index`, RLP; throws InvalidInputError where there is none. */
  prove(index: number): Hex[] {
    const item = this.#items[index];
    if (!item) throw new InvalidInputError(`the block has ${this.#items.length} entries, not ${index + 1}`);
    const path: Hex[] = [];
    let [items, at]: [readonly Item[], number] = [this.#items, 0];
    for (;;) {
      const node = build(items, at);
      const encoded = toRlp(node as never);
      // A node below 32 bytes stands inside its parent.
      if (path.length === 0 || (encoded.length - 2) / 2 >= 32) path.push(encoded);
      if (items.length === 1) return path;
      const shared = sharedFrom(items, at);
      if (shared > 0) {
        at += shared;
        continue;
      }
      const digit = item.key[at];
      const below = items.filter(({ key }) => key[at] === digit && key.length > at);
      if (digit === undefined || below.length === 0) return path;
      items = below;
      at += 1;
    }
  }
}

/** The value that a proof shows for entry `index` under the root; throws InvalidInputError with the reason for a false one. */
export function verifyIndex(root: Hex, index: number, path: readonly Hex[]): Hex {
  let key = indexKey(index);
  let wanted: Node = root;
  let at = 0;
  for (;;) {
    const node = open(wanted, path, () => at++);
    if (node.length === 17) {
      if (key === "") return value(node[16]);
      wanted = node[Number.parseInt(key[0] as string, 16)] as Node;
      key = key.slice(1);
    } else if (node.length === 2) {
      const { digits, leaf } = fromCompact(node[0] as Hex);
      if (!key.startsWith(digits)) throw refused("another key");
      key = key.slice(digits.length);
      if (leaf) {
        if (key !== "") throw refused("another key");
        return value(node[1]);
      }
      wanted = node[1] as Node;
    } else throw refused("a node that is none");
    if (wanted === "0x") throw refused("no entry of that index");
  }
}

/** A node by its hash (the next of the path, which must hash to it) or as it stands inside its parent. */
function open(wanted: Node, path: readonly Hex[], next: () => number): readonly Node[] {
  if (typeof wanted !== "string") return wanted;
  const encoded = path[next()];
  if (encoded === undefined) throw refused("a path that ends too soon");
  if (keccak256(encoded) !== wanted) throw refused("a node that does not hash to what its parent says");
  let node: Node;
  try {
    node = fromRlp(encoded, "hex") as Node;
  } catch (cause) {
    throw refused("a node that is not RLP", cause);
  }
  if (typeof node === "string") throw refused("a node that is none");
  return node;
}

function value(node: Node | undefined): Hex {
  if (typeof node !== "string" || node === "0x") throw refused("no entry of that index");
  return node;
}

function refused(what: string, cause?: unknown): InvalidInputError {
  return new InvalidInputError(`the trie proof has ${what}`, { cause });
}

const digitsOf = (hex: Hex) => hex.slice(2);

function indexKey(index: number): string {
  return digitsOf(toRlp(index === 0 ? "0x" : (`0x${even(index.toString(16))}` as Hex)));
}

const even = (digits: string) => (digits.length % 2 === 1 ? `0${digits}` : digits);

/** How many digits all keys share from `at` on. */
function sharedFrom(items: readonly Item[], at: number): number {
  const [first, ...rest] = items.map(({ key }) => key);
  let shared = 0;
  while (
    first !== undefined &&
    at + shared < first.length &&
    rest.every((key) => key[at + shared] === first[at + shared])
  )
    shared++;
  return shared;
}

function build(items: readonly Item[], at: number): Node {
  const [first] = items;
  if (!first) return "0x";
  if (items.length === 1) return [compact(first.key.slice(at), true), first.value];
  const shared = sharedFrom(items, at);
  if (shared > 0) return [compact(first.key.slice(at, at + shared), false), link(build(items, at + shared))];
  const branch: Node[] = [];
  for (let digit = 0; digit < 16; digit++) {
    const below = items.filter(({ key }) => key.length > at && Number.parseInt(key[at] as string, 16) === digit);
    branch.push(below.length === 0 ? "0x" : link(build(below, at + 1)));
  }
  branch.push(items.find(({ key }) => key.length === at)?.value ?? "0x");
  return branch;
}

/** A node inside its parent where it is small, else its hash. */
function link(node: Node): Node {
  const encoded = toRlp(node as never);
  return (encoded.length - 2) / 2 < 32 ? node : keccak256(encoded);
}

/** Hex-prefix encoding (yellow paper, appendix C). */
function compact(digits: string, leaf: boolean): Hex {
  const flag = (leaf ? 2 : 0) + (digits.length % 2);
  return concatHex([`0x${flag.toString(16)}${digits.length % 2 === 1 ? "" : "0"}${digits}`]);
}

function fromCompact(path: Hex): { digits: string; leaf: boolean } {
  if (typeof path !== "string" || hexToBytes(path).length === 0) throw refused("a node that is none");
  const all = digitsOf(path);
  const flag = Number.parseInt(all[0] as string, 16);
  if (flag > 3) throw refused("a node that is none");
  return { digits: flag % 2 === 1 ? all.slice(1) : all.slice(2), leaf: flag >= 2 };
}
