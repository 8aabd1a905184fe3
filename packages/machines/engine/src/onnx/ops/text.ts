import { longs, type OnnxTensor, type OnnxValue, zeros } from "../tensor.ts";
import { type Call, define, type OnnxOp } from "./op.ts";
import { combined } from "./shared.ts";

function stringConcat(call: Call): OnnxTensor[] {
  const [a, b] = [call.tensor(0), call.tensor(1)];
  call.expectKind(a, "string");
  call.expectKind(b, "string");
  return [combined<string>(a, b, "string", (x, y) => x + y)];
}

function pieces(text: string, delimiter: string, most: number): string[] {
  if (delimiter !== "") {
    if (text === "") return [];
    const all = text.split(delimiter);
    return all.length <= most + 1 ? all : [...all.slice(0, most), all.slice(most).join(delimiter)];
  }
  const result: string[] = [];
  let rest = text.trimStart();
  while (rest !== "" && result.length < most) {
    const end = rest.search(/\s/);
    if (end < 0) break;
    result.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  if (rest !== "") result.push(result.length < most ? rest.trimEnd() : rest.trimEnd());
  return result;
}

function stringSplit(call: Call): OnnxTensor[] {
  const x = call.tensor(0);
  call.expectKind(x, "string");
  const most = call.has("maxsplit") ? call.int("maxsplit", 0) : Number.POSITIVE_INFINITY;
  const lists = (x.data as string[]).map((text) => pieces(text, call.string("delimiter", ""), most));
  const width = Math.max(0, ...lists.map((list) => list.length));
  const result = zeros("string", [...x.shape, width]);
  lists.forEach((list, i) => {
    list.forEach((piece, j) => {
      result.data[i * width + j] = piece;
    });
  });
  return [
    result,
    longs(
      lists.map((list) => list.length),
      x.shape,
    ),
  ];
}

function normalizer(call: Call): OnnxValue[] {
  const x = call.tensor(0);
  call.expectKind(x, "string");
  if (x.shape.length > 2 || (x.shape.length === 2 && x.shape[0] !== 1)) throw call.fault("it takes [C] or [1, C]");
  const action = call.string("case_change_action", "NONE");
  const change = (text: string): string =>
    action === "LOWER" ? text.toLowerCase() : action === "UPPER" ? text.toUpperCase() : text;
  const sensitive = call.int("is_case_sensitive", 0) !== 0;
  const key = (text: string): string => (sensitive ? text : text.toLowerCase());
  const stops = new Set((call.strings("stopwords") ?? []).map(key));
  const kept = (x.data as string[]).filter((text) => !stops.has(key(text))).map(change);
  const list = kept.length === 0 ? [""] : kept;
  return [{ dtype: "string", shape: x.shape.length === 2 ? [1, list.length] : [list.length], data: list }];
}

/** Counts of n-grams with skips, by the pool of known grams. */
function tfIdf(call: Call): OnnxTensor[] {
  const x = call.tensor(0);
  const strings = call.strings("pool_strings");
  const pool: readonly (string | bigint)[] =
    strings !== undefined && strings.length > 0 ? strings : (call.longs("pool_int64s") ?? []);
  const [counts, indexes] = [call.ints("ngram_counts") ?? [], call.ints("ngram_indexes") ?? []];
  const [least, most, skip] = [
    call.int("min_gram_length", 1),
    call.int("max_gram_length", 1),
    call.int("max_skip_count", 0),
  ];
  if (least < 1 || most < least || most > 64 || skip < 0 || skip > 1024) throw call.fault("gram lengths do not fit");
  const grams = new Map<string, number>();
  counts.forEach((start, i) => {
    const end = counts[i + 1] ?? pool.length;
    for (let at = start; at + i < end; at += i + 1)
      grams.set(JSON.stringify(pool.slice(at, at + i + 1).map(String)), grams.size);
  });
  if (grams.size !== indexes.length) throw call.fault("ngram_indexes do not fit the pool");
  const width = Math.max(-1, ...indexes) + 1;
  const weights = call.floats("weights") ?? [];
  const length = x.shape.at(-1) ?? 1;
  const rows = length === 0 ? 0 : x.data.length / length;
  const result = zeros("float32", [...x.shape.slice(0, -1), width]);
  const mode = call.string("mode", "");
  if (!["TF", "IDF", "TFIDF"].includes(mode)) throw call.fault(`mode "${mode}" is unknown`);
  for (let row = 0; row < rows; row++) {
    const words = Array.from({ length }, (_, i) => String(x.data[row * length + i]));
    for (let n = least; n <= most; n++)
      for (let gap = 1; gap <= (n === 1 ? 1 : skip + 1); gap++)
        for (let from = 0; from + (n - 1) * gap < length; from++) {
          const gram = grams.get(JSON.stringify(Array.from({ length: n }, (_, j) => words[from + j * gap])));
          if (gram === undefined) continue;
          const to = row * width + (indexes[gram] as number);
          const weight = weights.length === 0 ? 1 : (weights[gram] as number);
          const old = result.data[to] as number;
          result.data[to] = mode === "TF" ? old + 1 : mode === "IDF" ? weight : Math.fround(old + weight);
        }
  }
  return [result];
}

/** Operators on strings. */
export const textOps: readonly OnnxOp[] = [
  define("StringConcat", [20], "", stringConcat),
  define("StringSplit", [20], "delimiter maxsplit", stringSplit),
  define("StringNormalizer", [10], "case_change_action is_case_sensitive locale stopwords", normalizer),
  define(
    "TfIdfVectorizer",
    [9],
    "max_gram_length max_skip_count min_gram_length mode ngram_counts ngram_indexes pool_int64s pool_strings weights",
    tfIdf,
  ),
];
