export type { Batch, Cell, ColumnType } from "./cells.ts";
export type { ColumnProfile } from "./column.ts";
export { type ColumnDrift, type Drift, drift } from "./drift.ts";
export { FormatError } from "./errors.ts";
export type { PersonalFinding } from "./personal.ts";
export { type Profile, type ProfileOptions, profile, type TensorProfile } from "./profile.ts";
export { readBatches } from "./read.ts";
export { type Format, formatOf, isTableFormat, mediaTypes, recognise, type TableFormat } from "./recognise.ts";
export { type ByteSource, bytesSource, fileSource } from "./source.ts";
