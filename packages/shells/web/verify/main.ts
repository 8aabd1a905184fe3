// The page that verifies a receipt or a row proof with no server: one HTML file, the engine and all checks inside.
import { check, type Check, type Result } from "./check.ts";

const by = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;
const [drop, file, state, result] = [by("drop"), by<HTMLInputElement>("file"), by("state"), by("result")];
const [header, rpc, contracts] = [
  by<HTMLTextAreaElement>("header"),
  by<HTMLInputElement>("rpc"),
  by<HTMLTextAreaElement>("contracts"),
];
const again = by<HTMLButtonElement>("again");
const MAX_BYTES = 128 * 1024 * 1024;
let last: { name: string; text: string } | undefined;

async function take(given: File | undefined): Promise<void> {
  if (!given) return;
  if (given.size > MAX_BYTES) return fail("This file is over 128 MB. A receipt is smaller.");
  last = { name: given.name, text: await given.text() };
  again.disabled = false;
  await run();
}

async function run(): Promise<void> {
  if (!last) return;
  result.replaceChildren();
  say("Checking…");
  try {
    const options = { header: header.value.trim(), rpc: rpc.value.trim(), contracts: contracts.value.trim() };
    const found = await check(last.text, options, ({ label, done, total }) => {
      say(total === undefined ? `${label}…` : `${label}: ${done ?? 0} of ${total}`);
    });
    show(found, last.name);
  } catch (error) {
    fail(error instanceof Error ? ((error as { shortMessage?: string }).shortMessage ?? error.message) : String(error));
  }
}

function say(text: string, kind = ""): void {
  const line = document.createElement("p");
  line.className = kind;
  line.textContent = text;
  state.replaceChildren(line);
}

function fail(text: string): void {
  say(text, "verdict bad");
}

function show({ subject, answer, checks }: Result, name: string): void {
  const bad = checks.filter(({ ok }) => !ok).length;
  const skipped = checks.filter((one) => one.skipped).length;
  const passed = checks.length - bad - skipped;
  const words =
    bad > 0
      ? `Not verified: ${bad} of ${checks.length} checks failed.`
      : skipped > 0
        ? `${passed} checks passed, ${skipped} were not made: see why below.`
        : `Verified: all ${passed} checks passed.`;
  say(`${words} ${answer ?? ""} (${subject}, ${name})`, `verdict ${bad > 0 ? "bad" : skipped > 0 ? "" : "good"}`);
  const groups = new Map<string, Check[]>();
  for (const one of checks) groups.set(one.about, [...(groups.get(one.about) ?? []), one]);
  result.replaceChildren(...[...groups].map(([about, members]) => group(about, members)));
}

function group(about: string, members: readonly Check[]): HTMLElement {
  const details = document.createElement("details");
  details.open = members.some(({ ok, skipped }) => !ok || skipped);
  const summary = document.createElement("summary");
  const passed = members.filter(({ ok, skipped }) => ok && !skipped).length;
  summary.append(element("span", about), element("span", `${passed} of ${members.length}`, "dim"));
  const list = document.createElement("ul");
  list.append(
    ...members.map(({ name, ok, skipped, detail }) => {
      const item = document.createElement("li");
      const [word, kind] = skipped ? ["not made", "skip"] : ok ? ["✓ holds", "ok"] : ["✗ fails", "no"];
      const text = element("span", name);
      text.append(document.createElement("br"), element("span", detail, "dim"));
      item.append(element("strong", word as string, kind), text);
      return item;
    }),
  );
  details.append(summary, list);
  return details;
}

function element(tag: string, text: string, kind = ""): HTMLElement {
  const made = document.createElement(tag);
  made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

drop.addEventListener("dragover", (event) => {
  event.preventDefault();
  drop.classList.add("over");
});
drop.addEventListener("dragleave", () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  void take(event.dataTransfer?.files[0]);
});
file.addEventListener("change", () => {
  void take(file.files?.[0]).then(() => {
    file.value = "";
  });
});
again.addEventListener("click", () => void run());
