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
    throw new InvalidInputError(`${file} is not JSON`, { cause, data: { file } });
  }
}
