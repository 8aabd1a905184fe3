import { BaseError, type ErrorOptions } from "@base/errors";

/** Something about an ONNX file or its run that cannot be answered; the base of the errors of this folder. */
export class OnnxError extends BaseError {
  override name = "OnnxError";
}

/** Bytes that are no well-formed protobuf message of the ONNX schema, or that ask for more than the limits allow. */
export class OnnxFormatError extends OnnxError {
  override name = "OnnxFormatError";
}

/** A well-formed file whose model contradicts itself: unknown values, cycles, wrong types, shapes that do not fit. */
export class OnnxModelError extends OnnxError {
  override name = "OnnxModelError";
}

/** A model, tensor or result larger than the stated limits. */
export class OnnxLimitError extends OnnxError {
  override name = "OnnxLimitError";
}

/** An operator, or a form of it, that this engine does not compute; `data` names operator, domain and node. */
export class UnsupportedOperatorError extends OnnxError {
  override name = "UnsupportedOperatorError";
  constructor(op: string, why: string, options: ErrorOptions = {}) {
    super(`${op} is not supported: ${why}.`, options);
  }
}
