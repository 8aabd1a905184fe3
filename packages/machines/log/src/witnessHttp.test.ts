import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { folder, open, origin, records, trust } from "../test/logs.ts";
import { createWitness, generateSigner, type Head, verifyCheckpoint } from "./index.ts";
import { answerAddCheckpoint, httpWitness, parseAddCheckpoint } from "./witnessHttp.ts";

describe("witnesses over HTTP (C2SP tlog-witness)", () => {
  const signer = generateSigner("witness.example", "ed25519-cosignature");
  const heads = new Map<string, Head>();
  const witness = createWitness({
    signer,
    logs: [trust],
    now: () => 1_700_000_000_000,
    memory: { load: async (name) => heads.get(name), save: async (name, head) => void heads.set(name, head) },
  });
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    const answer = await answerAddCheckpoint(witness, body);
    response.writeHead(answer.status, { "content-type": answer.type }).end(answer.body);
  });
  let url = "";
  beforeEach(async () => {
    heads.clear();
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/witness`;
  });
  afterEach(() => new Promise((done) => server.close(done)));

  test("a log collects the cosignature, also from a witness that knows an older size", async () => {
    const log = await open(folder());
    await log.append(records(0, 300));
    const first = await log.checkpoint({ witnesses: [httpWitness({ url, verifier: signer.verifier })] });
    expect(first.cosigned).toEqual(["witness.example"]);
    await log.append(records(300, 700));
    // A client that starts anew knows nothing of the witness: it is told the size and sends the proof from there.
    const second = await log.checkpoint({ witnesses: [httpWitness({ url, verifier: signer.verifier })] });
    const verified = verifyCheckpoint(second.note, { ...trust, witnesses: [signer.verifier], quorum: 1 });
    expect(verified.witnessed).toEqual([{ name: "witness.example", time: 1_700_000_000 }]);
    expect(heads.get(origin)?.size).toBe(700);
  });

  test("a witness refuses another story, a key that is not its own counts for nothing, absence is no failure", async () => {
    const honest = await open(folder());
    await honest.append(records(0, 300));
    await honest.checkpoint({ witnesses: [httpWitness({ url, verifier: signer.verifier })] });
    const other = await open(folder());
    await other.append(records(1, 400));
    const told = await other.checkpoint({ witnesses: [httpWitness({ url, verifier: signer.verifier })] });
    expect(told.cosigned).toEqual([]);
    expect(String(told.refused[0]?.error)).toMatch(/refuses/);
    const stranger = generateSigner("witness.example", "ed25519-cosignature").verifier;
    await honest.append(records(300, 301));
    const [wrong] = (await honest.checkpoint({ witnesses: [httpWitness({ url, verifier: stranger })] })).refused;
    expect(wrong?.error).toMatchObject({ name: "CheckpointSignatureError" });
    const away = httpWitness({ url: "http://127.0.0.1:1", verifier: signer.verifier });
    expect((await honest.checkpoint({ witnesses: [away] })).refused).toHaveLength(1);
    expect((await answerAddCheckpoint(witness, "hello")).status).toBe(400);
    const unknown = (await honest.checkpoint()).note.replace(origin, "another.example/log");
    expect((await answerAddCheckpoint(witness, `old 0\n\n${unknown}`)).status).toBe(404);
    const forged = (await honest.checkpoint()).note.replace("\n301\n", "\n302\n");
    expect((await answerAddCheckpoint(witness, `old 301\n\n${forged}`)).status).toBe(403);
    expect(() => parseAddCheckpoint(`old 1\n${"A".repeat(44)}\n\nnote`)).toThrow();
  });
});
