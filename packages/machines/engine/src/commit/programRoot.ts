import { type Hash, hashBytes } from "@base/bytes/hash.ts";
import { concatBytes, utf8 } from "@base/bytes/hex.ts";
import { MerkleTree } from "@base/bytes/merkle.ts";
import { BugError, InvalidInputError } from "@base/errors";
import type { DisputeProgram, ProgramValue } from "./disputeProgram.ts";
import { DTYPES, OPCODES } from "./opcodes.ts";
import { tensorRoot } from "./roots.ts";

/** Kinds of values, as in `ProgramLeaf.sol`. */
const KINDS = { data: 0, param: 1, state: 2, constant: 3, node: 4 } as const;

/** What a leaf says of one value, as `ProgramLeaf.Value` in Solidity. */
export interface ValueLeaf {
  readonly kind: number;
  readonly op: number;
  readonly dtype: number;
  readonly slot: bigint;
  readonly name: string;
  readonly shape: readonly bigint[];
  readonly inputs: readonly bigint[];
  readonly attrs: readonly bigint[];
  readonly root: Hash;
  readonly update: bigint;
}

/** Counts that the first leaf binds, as `ProgramLeaf.Header`. */
export interface HeaderLeaf {
  readonly values: bigint;
  readonly states: bigint;
  readonly data: bigint;
  readonly outputs: bigint;
}

const ZERO: Hash = `0x${"0".repeat(64)}`;

/** The leaf of a value; `update` is 0 when a parameter or state stays, else the index of its new value plus 1. */
export function valueLeaf(value: ProgramValue): ValueLeaf {
  return {
    kind: KINDS[value.kind],
    op: value.op === undefined ? 0 : OPCODES[value.op],
    dtype: DTYPES[value.dtype ?? "f32"],
    slot: BigInt(value.slot),
    name: value.name,
    shape: value.shape.map(BigInt),
    inputs: value.inputs.map(BigInt),
    attrs: value.attrs.map(BigInt),
    root: value.constant === undefined ? (value.root ?? ZERO) : tensorRoot(value.constant),
    update: BigInt(value.update === undefined ? 0 : value.update + 1),
  };
}

/** The first leaf of a program. */
export function headerLeaf({ values, outputs }: DisputeProgram): HeaderLeaf {
  const count = (...kinds: readonly string[]) => BigInt(values.filter(({ kind }) => kinds.includes(kind)).length);
  return {
    values: BigInt(values.length),
    states: count("param", "state"),
    data: count("data"),
    outputs: BigInt(outputs.length),
  };
}

const WORD = 2n ** 256n;

function word(value: bigint | number): Uint8Array {
  const digits = (((BigInt(value) % WORD) + WORD) % WORD).toString(16).padStart(64, "0");
  return hashBytes(`0x${digits}`);
}

const domain = (text: string): Uint8Array => concatBytes(utf8(text), new Uint8Array(32 - text.length));
const list = (values: readonly bigint[]) => concatBytes(word(values.length), ...values.map(word));

function plain(text: string): Uint8Array {
  if (!/^[\x20-\x7e]*$/.test(text) || /["\\]/.test(text))
    throw new InvalidInputError(`A name in a dispute program is printable ASCII without " and \\, not ${text}.`);
  const bytes = utf8(text);
  return concatBytes(word(bytes.length), bytes, new Uint8Array((32 - (bytes.length % 32)) % 32));
}

/** Solidity's `abi.encode(domain, struct)` of a struct with these members; dynamic members are given whole. */
function encode(name: string, members: readonly (Uint8Array | { readonly tail: Uint8Array })[]): Uint8Array {
  const heads: Uint8Array[] = [];
  const tails: Uint8Array[] = [];
  let at = members.length * 32;
  for (const member of members) {
    if (member instanceof Uint8Array) {
      if (member.length !== 32) throw new BugError("A static member is one word.");
      heads.push(member);
    } else {
      heads.push(word(at));
      tails.push(member.tail);
      at += member.tail.length;
    }
  }
  const dynamic = tails.length > 0 ? [word(64)] : [];
  return concatBytes(domain(name), ...dynamic, ...heads, ...tails);
}

/** Bytes of a value's leaf. */
export function valueLeafBytes(leaf: ValueLeaf): Uint8Array {
  return encode("assay/value/1", [
    word(leaf.kind),
    word(leaf.op),
    word(leaf.dtype),
    word(leaf.slot),
    { tail: plain(leaf.name) },
    { tail: list(leaf.shape) },
    { tail: list(leaf.inputs) },
    { tail: list(leaf.attrs) },
    hashBytes(leaf.root),
    word(leaf.update),
  ]);
}

function headerBytes({ values, states, data, outputs }: HeaderLeaf): Uint8Array {
  return encode("assay/program/1", [word(values), word(states), word(data), word(outputs)]);
}

function outputBytes({ name, value }: { readonly name: string; readonly value: number }): Uint8Array {
  return encode("assay/output/1", [{ tail: plain(name) }, word(value)]);
}

/** The tree of a program: its header, one leaf per value in order, one per named output. */
export class ProgramTree {
  readonly #tree: MerkleTree;
  readonly #values: number;
  readonly program: DisputeProgram;

  constructor(program: DisputeProgram) {
    const { values, outputs } = program;
    this.program = program;
    this.#values = values.length;
    this.#tree = MerkleTree.fromLeaves([
      headerBytes(headerLeaf(program)),
      ...values.map((value) => valueLeafBytes(valueLeaf(value))),
      ...outputs.map(outputBytes),
    ]);
  }

  get root(): Hash {
    return this.#tree.root();
  }

  /** Header with its path. */
  openHeader(): { header: HeaderLeaf; path: Hash[] } {
    return { header: headerLeaf(this.program), path: this.#tree.inclusionProof(0) };
  }

  /** Value `index` with its path. */
  openValue(index: number): { value: ValueLeaf; path: Hash[] } {
    const value = this.program.values[index];
    if (value === undefined) throw new InvalidInputError(`The program has ${this.#values} values, no number ${index}.`);
    return { value: valueLeaf(value), path: this.#tree.inclusionProof(index + 1) };
  }

  /** Output `index` with its path. */
  openOutput(index: number): { name: string; value: bigint; path: Hash[] } {
    const output = this.program.outputs[index];
    if (output === undefined) throw new InvalidInputError(`The program has no output number ${index}.`);
    const path = this.#tree.inclusionProof(1 + this.#values + index);
    return { name: output.name, value: BigInt(output.value), path };
  }
}

/** RFC 6962 root over a program's leaves: what a job commits. */
export function programRoot(program: DisputeProgram): Hash {
  return new ProgramTree(program).root;
}
