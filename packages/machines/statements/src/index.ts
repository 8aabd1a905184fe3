export {
  type Disclosure,
  disclose,
  type Opening,
  type Sealed,
  seal,
  sealedBytes,
  verifyDisclosure,
} from "./disclose.ts";
export { type Envelope, openEnvelope, parseEnvelope, signEnvelope } from "./envelope.ts";
export { bare, makeStatement, parseStatement, type Resource, type Statement, statementBytes } from "./inToto.ts";
export { keyFromSeed, keySigner, parseKey, type StatementKey, type StatementSigner, walletSigner } from "./keys.ts";
export { parseOpenLineage, type RunEvent, refsOfEvent } from "./openLineage.ts";
