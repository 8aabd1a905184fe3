import { InvalidInputError } from "@base/errors";

/** A recipe that cannot be run; `data.path` names the field. */
export class RecipeError extends InvalidInputError {
  override name = "RecipeError";
  constructor(path: string, message: string) {
    super(`Recipe field ${path}: ${message}`, { data: { path } });
  }
}
