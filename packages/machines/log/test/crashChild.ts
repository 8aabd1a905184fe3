// Appends until it is killed; a line on stdout for each acknowledged call, a checkpoint now and then.
import { generateSigner, openLog } from "../src/index.ts";

const [dir = "", first = "0"] = process.argv.slice(2);
const signer = generateSigner("crash.example/log", "ed25519");
const log = await openLog({
  dir,
  origin: "crash.example/log",
  signers: [signer],
  now: Date.now,
  segmentBytes: 200_000,
});
const say = (text: string) => new Promise<void>((resolve) => process.stdout.write(`${text}\n`, () => resolve()));
for (let call = Number(first); ; call++) {
  const records = Array.from({ length: 1 + (call % 90) }, (_, i) =>
    Buffer.from(`${call}:${i}:${"y".repeat(call % 50)}`),
  );
  const { indexes } = await log.append(records);
  await say(`${call} ${indexes[0]} ${records.length}`);
  if (call % 20 === 0) {
    const { size, root } = await log.checkpoint();
    await say(`checkpoint ${size} ${root}`);
  }
}
