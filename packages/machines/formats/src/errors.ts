import { type ErrorOptions, InvalidInputError } from "@base/errors";

/** A file that is not what its format says: broken, hostile, or beyond what is read. `data.format` names the format. */
export class FormatError extends InvalidInputError {
  override name = "FormatError";
  constructor(format: string, message: string, options: ErrorOptions = {}) {
    super(message, { ...options, data: { ...options.data, format } });
  }
}
