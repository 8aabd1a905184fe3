import { expect, test } from "vitest";
import { type Dtype, infoOf } from "../src/onnx/dtype.ts";
import { OnnxError, OnnxFormatError, UnsupportedOperatorError } from "../src/onnx/errors.ts";
import { importOnnx } from "../src/onnx/model.ts";
import type { OnnxOp } from "../src/onnx/ops/op.ts";
import { ONNX_OPS } from "../src/onnx/ops/registry.ts";
import { isMap, isTensor, type OnnxTensor, type OnnxValue } from "../src/onnx/tensor.ts";
import { GENERATORS } from "./onnxGenerators/index.ts";
import { type AttributeValue, Dice, type NodeCase, oneNode } from "./onnxMade.ts";

const TYPES: readonly Dtype[] = [
  ...(["float32", "float64", "float16", "bfloat16", "float8e4m3fn", "float8e4m3fnuz", "float8e5m2"] as const),
  ...(["float8e5m2fnuz", "float8e8m0", "float4e2m1", "int8", "int16", "int32", "int64", "int4", "int2"] as const),
  ...(["uint8", "uint16", "uint32", "uint64", "uint4", "uint2", "bool", "string"] as const),
];

/** Types tried with every version; ASSAY_FUZZ_ROUNDS asks for more. */
const ROUNDS = Number(process.env.ASSAY_FUZZ_ROUNDS ?? 3);

/** A result must hold what its extents say, of its own type. */
function checkValue(value: OnnxValue, what: string): void {
  if (value === null) return;
  if (isMap(value)) for (const part of [value.keys, value.values]) checkValue(part, what);
  else if (!isTensor(value)) for (const entry of value) checkValue(entry, what);
  else {
    const { dtype, shape, data } = value;
    expect(data.length, what).toBe(shape.reduce((a, b) => a * b, 1));
    if (dtype === "string")
      expect(
        (data as unknown[]).every((text) => typeof text === "string"),
        what,
      ).toBe(true);
    const { kind, bits } = infoOf(dtype);
    if (bits > 0 && bits < 8 && kind !== "float")
      expect(
        (data as Int8Array).every((v) => v >= -(2 ** bits) && v < 2 ** bits),
        `${what}: range of ${dtype}`,
      ).toBe(true);
  }
}

/** An answer, or an error thrown on purpose that names operator and node. */
function attempt(made: NodeCase): "answered" | "refused" {
  const what = `${made.op} version ${made.opset}`;
  const feeds = Object.fromEntries(
    made.inputs.flatMap((x, i) => (x === undefined || made.fixed?.includes(i) ? [] : [[`x${i}`, x]])),
  );
  const file = oneNode(made);
  try {
    const answer = importOnnx(file).run(feeds, { budget: 2 ** 20 });
    for (const value of Object.values(answer)) checkValue(value, what);
    return "answered";
  } catch (error) {
    expect(error, error instanceof Error ? `${what}: ${error.stack}` : what).toBeInstanceOf(OnnxError);
    if (!(error instanceof OnnxFormatError)) expect((error as Error).message, what).toContain(made.op);
    if (error instanceof UnsupportedOperatorError)
      expect(error.data, what).toMatchObject({ operator: made.op, node: "n" });
    return "refused";
  }
}

function versionsOf(op: OnnxOp): number[] {
  const most = op.domain === "" ? 28 : op.domain === "ai.onnx.ml" ? 5 : 1;
  return op.domain === "" ? [...new Set([...op.since, 7, most])] : [...op.since, 1, most];
}

function anyAttribute(d: Dice): AttributeValue {
  return d.pick<AttributeValue>(
    d.whole(-2, 3),
    d.pick("", "linear", "NOTSET", "none", "sum", "LEFT"),
    [1, 2],
    [],
    [d.whole(-1, 3)],
    ["a"],
    BigInt(2 ** 40),
  );
}

const operand = (d: Dice, dtype: Dtype): OnnxTensor =>
  d.tensor(dtype, d.shape(d.whole(0, 4), d.next() < 0.1 ? 0 : 1, 3), -2, 3);

test("every operator, version and type ends in an answer or a refusal that names it", () => {
  const d = new Dice(20);
  let next = 0;
  for (const op of ONNX_OPS)
    for (const opset of versionsOf(op))
      for (let round = 0; round < ROUNDS; round++) {
        const dtype = TYPES[next++ % TYPES.length] as Dtype;
        const inputs = Array.from({ length: d.whole(0, 5) }, () =>
          d.next() < 0.1 ? undefined : operand(d, d.next() < 0.7 ? dtype : d.pick(...TYPES)),
        );
        const attributes: Record<string, AttributeValue> = {};
        for (const name of op.attributes)
          if (d.next() < 0.3) attributes[d.coin() ? name : `${name}:f`] = anyAttribute(d);
        attempt({ op: op.name, domain: op.domain, opset, inputs, attributes, outputs: d.whole(1, 3) });
      }
});

test("sound cases, then with one operand of another type or shape", () => {
  const d = new Dice(7);
  let answered = 0;
  for (const [op, make] of Object.entries(GENERATORS))
    for (let round = 0; round < Math.max(4, ROUNDS / 2); round++) {
      const made: NodeCase = { op, ...make(new Dice(round * 31 + op.length)) };
      if (attempt(made) === "answered") answered++;
      const at = d.whole(0, Math.max(0, made.inputs.length - 1));
      for (const dtype of [made.inputs[at]?.dtype ?? "float32", d.pick(...TYPES), d.pick(...TYPES)])
        attempt({
          ...made,
          opset: made.domain === undefined ? d.pick(made.opset, made.opset, 7, 13, 28) : made.opset,
          inputs: made.inputs.map((x, i) => (i === at ? operand(d, dtype) : x)),
        });
    }
  expect(answered).toBeGreaterThan(500);
});

test("the standard's own numbers: mel weights of test_melweightmatrix, an upsampled square of test_upsample_nearest", () => {
  const whole = (value: number): OnnxTensor => ({ dtype: "int32", shape: [], data: Int32Array.of(value) });
  const float = (values: readonly number[], shape: readonly number[]): OnnxTensor => ({
    dtype: "float32",
    shape,
    data: Float32Array.from(values),
  });
  const run = (made: NodeCase): OnnxTensor => {
    const feeds = Object.fromEntries(made.inputs.map((x, i) => [`x${i}`, x as OnnxTensor]));
    return importOnnx(oneNode(made)).run(feeds).y0 as OnnxTensor;
  };
  const mel = run({
    op: "MelWeightMatrix",
    opset: 17,
    inputs: [whole(8), whole(16), whole(8192), float([0], []), float([4096], [])],
  });
  expect(mel.shape).toEqual([9, 8]);
  // Bands in which each row of the spectrum counts with 1; all else is 0.
  const bands = [[0, 1], [2, 3], [4], [5], [6], [7], [], [], []];
  expect(Array.from(mel.data as Float32Array)).toEqual(
    bands.flatMap((own) => Array.from({ length: 8 }, (_, band) => (own.includes(band) ? 1 : 0))),
  );
  const square = run({
    op: "Upsample",
    opset: 9,
    attributes: { mode: "nearest" },
    inputs: [float([1, 2, 3, 4], [1, 1, 2, 2]), float([1, 1, 2, 3], [4])],
  });
  expect(square.shape).toEqual([1, 1, 4, 6]);
  const [top, low] = [
    [1, 1, 1, 2, 2, 2],
    [3, 3, 3, 4, 4, 4],
  ];
  expect(Array.from(square.data as Float32Array)).toEqual([...top, ...top, ...low, ...low]);
});

test("regular expressions answer as the language's own, and no pattern takes long", () => {
  const run = (pattern: string, texts: readonly string[]): number[] => {
    const x: OnnxTensor = { dtype: "string", shape: [texts.length], data: [...texts] };
    const file = oneNode({ op: "RegexFullMatch", opset: 20, attributes: { pattern }, inputs: [x] });
    return Array.from((importOnnx(file).run({ x0: x }).y0 as OnnxTensor).data as Uint8Array);
  };
  // The two cases of the standard (regex_full_match.py).
  const sites = ["www.google.com", "www.facebook.com", "www.bbc.co.uk"];
  expect(run("www\\.[\\w.-]+\\.\\bcom\\b", sites)).toEqual([1, 1, 0]);
  const mail = "(\\W|^)[\\w.\\-]{0,25}@(yahoo|gmail)\\.com(\\W|$)";
  expect(run(mail, ["account@gmail.com", "account@hotmail.com", "not email", "account2@yahoo.com"])).toEqual([
    1, 0, 0, 1,
  ]);
  const d = new Dice(3);
  const piece = (depth: number): string => {
    const one = d.pick(
      "a",
      "b",
      ".",
      "[ab]",
      "[^a]",
      "\\d",
      "\\w",
      "\\W",
      "^",
      "$",
      "\\b",
      "\\B",
      "(?:a|b)",
      "-",
      "[a-c\\-]",
    );
    const inner = depth > 0 && d.next() < 0.4 ? `(${pattern(depth - 1)})` : one;
    return /[\^$]$|\\[bB]$/.test(inner) ? inner : inner + d.pick("", "", "*", "+", "?", "{2}", "{1,}", "{0,2}", "*?");
  };
  const pattern = (depth: number): string =>
    Array.from({ length: d.whole(1, 2) }, () =>
      Array.from({ length: d.whole(0, 3) }, () => piece(depth)).join(""),
    ).join("|");
  for (let round = 0; round < 400; round++) {
    const made = pattern(2);
    const texts = Array.from({ length: 6 }, () =>
      Array.from({ length: d.whole(0, 5) }, () => d.pick("a", "b", "c", "1", "-", " ")).join(""),
    );
    const own = new RegExp(`^(?:${made})$`);
    expect(run(made, texts), made).toEqual(texts.map((text) => (own.test(text) ? 1 : 0)));
  }
  const from = performance.now();
  expect(run("(a*)*b", ["a".repeat(2000)])).toEqual([0]);
  expect(run("(a|a|aa)+", [`${"a".repeat(2000)}c`])).toEqual([0]);
  expect(performance.now() - from).toBeLessThan(5000);
  for (const bad of [
    "(",
    ")",
    "[a",
    "a**",
    "a{2000}",
    "(?i)a",
    "(?=a)",
    "\\1",
    "\\pL",
    "[[:alpha:]]",
    "*",
    "((((a{900}){900}){900}){900})",
  ])
    expect(() => run(bad, ["a"]), bad).toThrow(/RegexFullMatch \(node "n"\) is not supported/);
});

test("functions at the ends of their ranges", () => {
  const at = (op: string, values: readonly number[]): number[] => {
    const x: OnnxTensor = { dtype: "float32", shape: [values.length], data: Float32Array.from(values) };
    return Array.from(
      (importOnnx(oneNode({ op, opset: 13, inputs: [x] })).run({ x0: x }).y0 as OnnxTensor).data as Float32Array,
    );
  };
  const [nan, far] = [Number.NaN, Number.POSITIVE_INFINITY];
  expect(at("Acosh", [-3e38, -1e9, -2, 0.5, 1, far])).toEqual([nan, nan, nan, nan, 0, far]);
  expect(at("Atanh", [-2, -1, 0, 1, 2])).toEqual([nan, -far, 0, far, nan]);
  expect(at("Asin", [-2, 0, 2])).toEqual([nan, 0, nan]);
  expect(at("Asinh", [-far, 0, far])).toEqual([-far, 0, far]);
  expect(at("Exp", [-far, -104, 88, 89, far])).toEqual([0, expect.any(Number), expect.any(Number), far, far]);
  expect(at("Log", [-1, 0, 1, far])).toEqual([nan, -far, 0, far]);
});
