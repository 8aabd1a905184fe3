import { solidityTwin } from "@base/testkit/solidity.ts";

/** Operations of F32.sol that take bit patterns and give one; the second operand of a unary one is ignored. */
export const operations = ["add", "sub", "mul", "div", "sqrt", "eq", "lt", "le", "neg", "abs", "canonical"] as const;
export type Operation = (typeof operations)[number];

const source = `
pragma solidity ^0.8.24;
import {F32} from "@base/units/contracts/F32.sol";
contract Twin {
    function run(uint256 op, bytes calldata pairs) external pure returns (bytes memory out) { unchecked {
        uint256 n = pairs.length / 8;
        out = new bytes(4 * n);
        for (uint256 i = 0; i < n; i++) {
            uint256 a = uint32(bytes4(pairs[8 * i:8 * i + 4]));
            uint256 b = uint32(bytes4(pairs[8 * i + 4:8 * i + 8]));
            uint256 z;
            if (op == 0) z = F32.add(a, b);
            else if (op == 1) z = F32.sub(a, b);
            else if (op == 2) z = F32.mul(a, b);
            else if (op == 3) z = F32.div(a, b);
            else if (op == 4) z = F32.sqrt(a);
            else if (op == 5) z = F32.eq(a, b) ? 1 : 0;
            else if (op == 6) z = F32.lt(a, b) ? 1 : 0;
            else if (op == 7) z = F32.le(a, b) ? 1 : 0;
            else if (op == 8) z = F32.neg(a);
            else if (op == 9) z = F32.abs(a);
            else z = F32.canonical(a);
            require(z >> 32 == 0);
            assembly ("memory-safe") {
                let at := add(add(out, 32), shl(2, i))
                mstore(at, or(shl(224, z), and(mload(at), shr(32, not(0)))))
            }
        }
    } }
    function toInt(uint256 a) external pure returns (int256) { return F32.toInt(a); }
    function fromInt(int256 x) external pure returns (uint256) { return F32.fromInt(x); }
    function pack(uint256 m, int256 e) external pure returns (uint256) { return F32.pack(m, e); }
}`;

/** F32.sol in an EVM, fed many operand pairs a call. */
export async function f32Twin() {
  const twin = await solidityTwin(source, "Twin");
  return {
    call: (name: string, args: readonly unknown[]) => twin.call(name, args),
    close: () => twin.close(),
    /** Result bits of one operation on pairs of bit patterns. */
    async run(operation: Operation, pairs: Uint32Array): Promise<Uint32Array> {
      const result = new Uint32Array(pairs.length / 2);
      const batch = 8000;
      for (let from = 0; from < pairs.length; from += batch) {
        let text = "0x";
        for (const word of pairs.subarray(from, from + batch)) text += word.toString(16).padStart(8, "0");
        const answer = (await twin.call("run", [BigInt(operations.indexOf(operation)), text])) as string;
        for (let at = 2, i = from / 2; at < answer.length; at += 8, i++)
          result[i] = Number.parseInt(answer.slice(at, at + 8), 16);
      }
      return result;
    },
  };
}

const words = new Uint32Array(2);
const reals = new Float32Array(words.buffer);

/** The same operation in `Math.fround`; NaN results are 0x7fc00000. */
export function f32Reference(operation: Operation, left: number, right: number): number {
  words[0] = left;
  words[1] = right;
  const [a, b] = reals as unknown as [number, number];
  if (operation === "eq") return Number(a === b);
  if (operation === "lt") return Number(a < b);
  if (operation === "le") return Number(a <= b);
  const value = { add: a + b, sub: a - b, mul: a * b, div: a / b, sqrt: Math.sqrt(a), neg: -a, abs: Math.abs(a) };
  const result = Math.fround(operation === "canonical" ? a : value[operation]);
  if (Number.isNaN(result)) return 0x7fc00000;
  reals[0] = result;
  return words[0];
}

/**
 * Seeded pairs of bit patterns: a third of them uniform bits, a third of close exponents (cancellation, ties), a third of
 * edges (zeros, subnormals, the largest number, infinities, NaN payloads) and their neighbours. xorshift32.
 */
export function f32Pairs(count: number, seed: number): Uint32Array {
  const edges = [
    0, 1, 2, 0x7fffff, 0x800000, 0x33800000, 0x34000000, 0x3f000000, 0x3f800000, 0x40000000, 0x4b000000, 0x5f7fffff,
    0x7f000000, 0x7f7fffff, 0x7f800000, 0x7f800001, 0x7fc00000, 0x7fffffff,
  ];
  let state = seed >>> 0 || 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
  const edge = () => {
    const base = edges[next() % edges.length] as number;
    const near = next() % 4 === 0 ? base + (next() % 5) - 2 : base;
    return (near ^ (next() & 0x80000000)) >>> 0;
  };
  const pairs = new Uint32Array(count * 2);
  for (let i = 0; i < pairs.length; i += 2) {
    const kind = next() % 3;
    const a = kind === 2 ? edge() : next();
    let b = next();
    if (kind === 1) b = ((a & 0x7f800000) + (((next() % 61) - 30) << 23)) ^ (b & 0x807fffff & -(1 << (next() % 24)));
    if (kind === 2 && next() % 2) b = edge();
    pairs[i] = a;
    pairs[i + 1] = b >>> 0;
  }
  return pairs;
}

/** Rows on which contract and `Math.fround` differ, at most ten, as text. */
export function f32Differences(operation: Operation, pairs: Uint32Array, answers: Uint32Array): string[] {
  const found: string[] = [];
  const hex = (value: number) => value.toString(16).padStart(8, "0");
  for (let i = 0; i < answers.length && found.length < 10; i++) {
    const [a, b, answer] = [pairs[2 * i], pairs[2 * i + 1], answers[i]] as [number, number, number];
    const expected = f32Reference(operation, a, b);
    if (answer !== expected) found.push(`${operation} ${hex(a)} ${hex(b)}: ${hex(answer)}, not ${hex(expected)}`);
  }
  return found;
}
