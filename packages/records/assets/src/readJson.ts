import { readFile } from "node:fs/promises";
import { InvalidInputError, NotFoundError } from "@base/errors";

/** A JSON file's value; throws NotFoundError or InvalidInputError that names the file. */
export async function readJson(file: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    throw new NotFoundError(`${file} cannot be read`, { cause, data: { file } });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    // C2SP's text, or the tag and list (d2 84) that a COSE receipt begins with, read as UTF-8.
    const ofLog = text.startsWith("c2sp.org/") || text.startsWith("\u0484");
    const hints = ofLog ? ["If this is a proof of the log, `assay log verify` checks it."] : [];
    throw new InvalidInputError(`${file} is not JSON`, { cause, hints, data: { file } });
  }
}
