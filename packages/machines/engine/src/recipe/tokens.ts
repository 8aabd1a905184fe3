/** Ids below the vocabulary: no token, and one that the vocabulary does not hold. */
export const PADDING = 0;
export const UNKNOWN = 1;

/** A text's tokens: code points, or words (runs of letters and digits; any other mark but white space is a word of its own). */
export function tokensOf(text: string, level: "character" | "word"): string[] {
  if (level === "character") return Array.from(text);
  const tokens: string[] = [];
  let word = "";
  const end = () => {
    if (word !== "") tokens.push(word);
    word = "";
  };
  for (const mark of text) {
    if (/[A-Za-z0-9_]/.test(mark) || mark > "\u007f") word += lower(mark);
    else {
      end();
      if (!/\s/.test(mark)) tokens.push(mark);
    }
  }
  end();
  return tokens;
}

/** Lower case of A-Z alone: what other letters become depends on a machine's Unicode version. */
function lower(mark: string): string {
  return mark >= "A" && mark <= "Z" ? String.fromCharCode(mark.charCodeAt(0) + 32) : mark;
}

/** The `size` most frequent tokens, of equals the first by code unit. */
export function vocabularyOf(texts: readonly string[], level: "character" | "word", size: number): string[] {
  const counts = new Map<string, number>();
  for (const text of texts) for (const token of tokensOf(text, level)) counts.set(token, (counts.get(token) ?? 0) + 1);
  return [...counts]
    .sort(([a, many], [b, more]) => more - many || (a < b ? -1 : 1))
    .slice(0, size)
    .map(([token]) => token);
}

/** Token ids of a text, exactly `length` of them: 0 is padding, 1 unknown, then the vocabulary in order. */
export function encodeText(
  text: string,
  level: "character" | "word",
  length: number,
  ids: ReadonlyMap<string, number>,
): Float32Array {
  const encoded = new Float32Array(length);
  tokensOf(text, level)
    .slice(0, length)
    .forEach((token, index) => {
      encoded[index] = ids.get(token) ?? UNKNOWN;
    });
  return encoded;
}

/** Ids by token, as {@link encodeText} takes them. */
export function tokenIds(vocabulary: readonly string[]): Map<string, number> {
  return new Map(vocabulary.map((token, index) => [token, index + UNKNOWN + 1]));
}
