import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { IntegrityError, NotFoundError, UnavailableError } from "@base/errors";
import { defineAction, defineCapability } from "@kernel/capability";
import { amount, file, uint } from "@kernel/capability/schemas.ts";
import { beforeEach, describe, expect, it } from "vitest";
import { createColors } from "picocolors";
import { z } from "zod";
import { render } from "./render.ts";
import { type CliOptions, type Io, runCli } from "./program.ts";

const never = async () => async () => ({}) as never;

const assets = defineCapability({
  name: "assets",
  summary: "What exists and what came from what.",
  actions: [
    defineAction({
      name: "assets.publish",
      summary: "Publish a table.",
      kind: "write",
      positional: ["path"],
      input: z.object({
        path: file("The table, as CSV."),
        price: amount().default(0n),
        royaltyBps: z.int().min(0).max(10_000).default(0).describe("Share of later sales."),
        kind: z.enum(["data", "model"]).default("data").describe("What it is."),
        parents: z.array(uint).default([]).describe("What it came from."),
        recipe: z
          .object({ hidden: z.array(z.int()) })
          .optional()
          .describe("How it was made."),
        anchor: z.boolean().default(true).describe("Write it on chain."),
        dry: z.boolean().default(false).describe("Only look."),
      }),
      output: z.object({ id: uint }),
      errors: ["InvalidInputError"],
      load: never,
    }),
    defineAction({
      name: "assets.list",
      summary: "All assets.",
      kind: "read",
      input: z.object({}),
      output: z.object({}),
      load: never,
    }),
  ],
});
const jobs = defineCapability({
  name: "jobs",
  summary: "Background work.",
  actions: [
    defineAction({
      name: "jobs.list",
      summary: "All jobs.",
      kind: "read",
      input: z.object({}),
      output: z.object({}),
      load: never,
    }),
    defineAction({
      name: "jobs.retry",
      summary: "Try again.",
      kind: "write",
      positional: ["key", "more"],
      input: z.object({ key: z.string(), more: z.array(z.int()).default([]), owner: z.string().describe("Who.") }),
      output: z.object({}),
      load: never,
    }),
  ],
});

let out = "";
let err = "";
let now = 0;
let calls: [string, unknown][] = [];
let answer: () => unknown = () => ({ ok: true });
let steps: { label: string; done?: number; total?: number; unit?: string; note?: string }[] = [];

function run(line: readonly string[], io: Partial<Io> = {}, more: Partial<CliOptions> = {}) {
  return runCli(line, {
    version: "1.2.3",
    capabilities: [assets, jobs],
    globals: [{ flags: "--dir <folder>", description: "Data folder." }],
    connect: async (globals) => ({
      call: async (name, input, onProgress) => {
        calls.push([name, input]);
        for (const step of steps) {
          now += 1_000;
          onProgress?.(step);
        }
        return answer();
      },
      close: async () => void calls.push(["close", globals]),
    }),
    io: {
      stdout: (text) => {
        out += text;
      },
      stderr: (text) => {
        err += text;
      },
      interactive: false,
      color: false,
      columns: 100,
      cwd: "/home/ada",
      clock: () => now,
      ...io,
    },
    ...more,
  });
}

beforeEach(() => {
  out = "";
  err = "";
  now = 0;
  calls = [];
  steps = [];
  answer = () => ({ ok: true });
});

describe("a room's own verb", () => {
  it("is what a room does without one, and its other verbs stay", async () => {
    const shortcuts = { jobs: "jobs.retry" };
    expect(await run(["jobs", "k1", "--owner", "ada"], {}, { shortcuts })).toBe(0);
    expect(await run(["jobs", "list"], {}, { shortcuts })).toBe(0);
    expect(calls.filter(([name]) => name !== "close")).toMatchObject([
      ["jobs.retry", { key: "k1", owner: "ada" }],
      ["jobs.list", {}],
    ]);
    expect(await run(["jobs", "k1", "--owner", "ada"])).toBe(2);
  });
});

describe("a verb of several rooms", () => {
  it("is answered with the full forms, whatever follows it", async () => {
    for (const argv of [["list"], ["list", "a", "--as", "ada"], ["list", "--help"]]) {
      err = "";
      expect(await run(argv)).toBe(2);
      expect(err).toContain("'list' is a verb of several rooms");
      expect(err).toMatch(/Say which: (assay \w+ list(, )?){2,}/);
    }
    expect(calls).toEqual([]);
  });
});

describe("help", () => {
  it("lists rooms, short verbs and tools", async () => {
    expect(await run(["--help"])).toBe(0);
    expect(out).toMatchInlineSnapshot(`
      "Usage: assay [options] [command]

      Trusted data, verified decisions, automatic execution.

      Options:
        -V, --version       Print the version.
        --json              Print one JSON object on stdout.
        -q, --quiet         Show no progress.
        --no-color          Use no colours.
        --dir <folder>      Data folder.
        -h, --help          Explain the command.

      Rooms:
        assets              What exists and what came from what.
        jobs                Background work.

      Verbs:
        publish             Publish a table.
        retry               Try again.

      Tools:
        completion <shell>  Print a completion script for your shell.
      "
    `);
    const bare = out;
    out = "";
    expect(await run([])).toBe(0);
    expect(out).toBe(bare);
    out = "";
    expect([await run(["--version"]), out]).toEqual([0, "1.2.3\n"]);
  });

  it("explains an action", async () => {
    expect(await run(["publish", "--help"])).toBe(0);
    expect(out).toMatchInlineSnapshot(`
      "Usage: assay publish [options] <path>

      Publish a table.

      Arguments:
        path                    The table, as CSV.

      Options:
        --price <value>         Amount in whole units, at most 18 decimals, e.g. 12.5.
        --royalty-bps <number>  Share of later sales. (default 0)
        --kind <choice>         What it is. (default "data") (choices: "data", "model")
        --parents <value>       What it came from. (repeat for more)
        --recipe <json>         How it was made. (or @file)
        --no-anchor             Turn off: Write it on chain.
        --dry                   Only look.
        -h, --help              Explain the command.

      Global Options:
        -V, --version           Print the version.
        --json                  Print one JSON object on stdout.
        -q, --quiet             Show no progress.
        --no-color              Use no colours.
        --dir <folder>          Data folder.

      Errors: InvalidInputError.
      "
    `);
  });
});

describe("input", () => {
  it("comes from arguments and flags; files are resolved here", async () => {
    const line = [
      "assets",
      "publish",
      "rain.csv",
      "--price",
      "2.5",
      "--royalty-bps",
      "250",
      "--parents",
      "1",
      "--parents",
      "2",
    ];
    expect(
      await run([...line, "--kind", "model", "--no-anchor", "--dry", "--recipe", '{"hidden":[8]}', "--dir", "/data"]),
    ).toBe(0);
    expect(calls).toEqual([
      [
        "assets.publish",
        {
          path: "/home/ada/rain.csv",
          price: "2.5",
          royaltyBps: 250,
          kind: "model",
          parents: ["1", "2"],
          recipe: { hidden: [8] },
          anchor: false,
          dry: true,
        },
      ],
      ["close", { dir: "/data" }],
    ]);
  });

  it("leaves defaults to the action", async () => {
    await run(["publish", "/tmp/rain.csv"]);
    expect(calls[0]).toEqual(["assets.publish", { path: "/tmp/rain.csv" }]);
    await run(["retry", "k", "4", "5", "--owner", "ada"]);
    expect(calls[2]).toEqual(["jobs.retry", { key: "k", more: [4, 5], owner: "ada" }]);
  });

  it("reads JSON from a file", async () => {
    const folder = mkdtempSync(join(tmpdir(), "cli-"));
    writeFileSync(join(folder, "recipe.json"), '{"hidden":[16]}');
    await run(["publish", "a.csv", "--recipe", "@recipe.json"], { cwd: folder });
    expect(calls[0]?.[1]).toMatchObject({ recipe: { hidden: [16] } });
    expect(await run(["publish", "a.csv", "--recipe", "@none.json"], { cwd: folder })).toBe(2);
    expect(err).toContain(`error recipe: cannot read ${folder}/none.json.`);
    rmSync(folder, { recursive: true });
  });

  it.each([
    [["publish"], "missing required argument 'path'"],
    [["publish", "a.csv", "--royalty-bps", "many"], 'royaltyBps: expected a number, not "many".'],
    [["publish", "a.csv", "--royalty-bps", "20000"], "royaltyBps: too big"],
    [["publish", "a.csv", "--kind", "cat"], "Allowed choices are data, model."],
    [["publish", "a.csv", "--pirce", "2"], "Did you mean --price?"],
    [["publsih", "a.csv"], "Did you mean publish?"],
    [["assets", "pubish"], "Did you mean publish?"],
    [["list"], "assay assets list, assay jobs list"],
    [["retry", "k"], "required option '--owner <value>' not specified"],
    [["completion", "tcsh"], 'There is no completion for "tcsh".'],
  ])("%j is refused with a hint and exit code 2", async (line, message) => {
    expect(await run(line)).toBe(2);
    expect(err).toContain(message);
    expect(out).toBe("");
    expect(calls).toEqual([]);
    err = "";
    expect(await run([...line, "--json"])).toBe(2);
    expect([err, Object.keys(JSON.parse(out))]).toEqual(["", ["error"]]);
  });
});

describe("output", () => {
  it("is one JSON object with --json", async () => {
    answer = () => ({ id: 2n ** 80n, rows: [1] });
    expect(await run(["publish", "a.csv", "--json"])).toBe(0);
    expect(out).toBe('{"id":"1208925819614629174706176","rows":[1]}\n');
    out = "";
    expect(await run(["--json", "assets", "list"])).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ rows: [1] });
  });

  it("is readable without", async () => {
    answer = () => ({
      assetId: 7n,
      final: true,
      owner: null,
      parents: ["1", "2"],
      shares: [
        { to: "ada", bps: 7_000 },
        { to: "the-data-owner", bps: 3_000 },
      ],
      decision: { output: "0.25", reasons: [{ name: "rain", parts: [{ day: 1 }] }] },
      empty: [],
    });
    await run(["assets", "list"]);
    expect(out).toMatchInlineSnapshot(`
      "asset id  7
      final     yes
      owner     -
      parents   1, 2
      shares
        to              bps
        ada             7000
        the-data-owner  3000
      decision
        output  0.25
        reasons
          - name  rain
            parts
              day
              1
      empty     none
      "
    `);
  });

  it("cuts a long list inside of something else, and says so; a list that was asked for stays whole", async () => {
    const curve = Array.from({ length: 100 }, (_, epoch) => ({ epoch, loss: 1 / (epoch + 1) }));
    const shown = render({ rows: curve, report: { learning: { curve } } }, createColors(false)).split("\n");
    expect(shown.filter((line) => /^ {2}\d/.test(line))).toHaveLength(100);
    expect(shown.filter((line) => /^ {6}\d/.test(line))).toHaveLength(18);
    expect(shown).toContain("      ... 82 more (--json shows all)");
    expect(shown.at(-1)).toContain("99  ");
  });

  it("goes through an action's own renderer", async () => {
    await run(
      ["assets", "list"],
      {},
      { renderers: { "assets.list": (result: { ok: boolean }) => `all ${result.ok ? "well" : "ill"}` } },
    );
    expect(out).toBe("all well\n");
  });

  it.each([
    [new NotFoundError("no asset 9", { hints: ["See `assay assets list`."] }), 3],
    [new IntegrityError("the hash differs"), 4],
    [new UnavailableError("the node is away"), 75],
    [new TypeError("oops"), 1],
    [Object.assign(new UnavailableError("x", { kind: "user" }), { name: "NotFoundError" }), 3],
  ])("%s has its exit code", async (error, code) => {
    answer = () => {
      throw error;
    };
    expect(await run(["assets", "list"])).toBe(code);
    if (error.message.startsWith("no asset"))
      expect(err).toBe("error no asset 9 (NotFoundError)\n  hint See `assay assets list`.\n");
    expect(calls.at(-1)?.[0]).toBe("close");
    expect(await run(["assets", "list", "--json"])).toBe(code);
    expect(JSON.parse(out).error).toMatchObject({ name: error.name === "TypeError" ? "BugError" : error.name });
  });

  it("shows progress on a terminal only, with what is left", async () => {
    steps = [
      { label: "training", done: 10, total: 40, unit: "steps", note: "loss 0.5" },
      { label: "training", done: 20, total: 40, unit: "steps", note: "loss 0.4" },
    ];
    await run(["assets", "list"]);
    await run(["assets", "list", "-q"], { interactive: true });
    expect(err).toBe("");
    await run(["assets", "list"], { interactive: true });
    expect(err.split("\r\x1b[2K").slice(1)).toMatchInlineSnapshot(`
      [
        "training ████████░░░░░░░░░░░░░░░░░░░░░░ 25 % 10/40 steps, loss 0.5",
        "training ███████████████░░░░░░░░░░░░░░░ 50 % 20/40 steps, 2 s left, loss 0.4",
        "",
      ]
    `);
  });

  it("colours when allowed", async () => {
    answer = () => {
      throw new NotFoundError("no");
    };
    await run(["assets", "list"], { color: true });
    expect(err).toContain("\x1b[31merror");
    err = "";
    await run(["assets", "list", "--no-color"], { color: true });
    expect(err).not.toContain("\x1b[");
  });
});

describe("own commands", () => {
  it("share errors, globals and output", async () => {
    const extend: CliOptions["extend"] = (program, make) => {
      program
        .command("up")
        .description("Start the node.")
        .option("--once", "Stop after the loop.")
        .action(
          make(async (context, options: { once?: boolean }) => {
            if (!options.once) throw new NotFoundError("nothing to do");
            context.print({ dir: context.globals["dir"] });
          }),
        );
    };
    expect(await run(["up", "--once", "--json", "--dir", "/x"], {}, { extend })).toBe(0);
    expect(out).toBe('{"dir":"/x"}\n');
    expect(await run(["up"], {}, { extend })).toBe(3);
  });
});

describe("completion", () => {
  it.each(["bash", "zsh", "fish"])("writes a %s script with every command and flag", async (shell) => {
    expect(await run(["completion", shell])).toBe(0);
    for (const word of ["assets", "publish", "royalty-bps", "no-anchor", "retry", "completion", "dir"])
      expect(out).toContain(word);
  });

  it.skipIf(process.platform === "win32")("works in bash", async () => {
    await run(["completion", "bash"]);
    const complete = (...words: string[]) => {
      const array = words.map((word) => `'${word}'`).join(" ");
      const script = `${out}\nCOMP_WORDS=(${array}); COMP_CWORD=${words.length - 1}; _assay; echo "\${COMPREPLY[*]}"`;
      return execFileSync("bash", ["-c", script], { encoding: "utf8" }).trim();
    };
    expect(complete("assay", "pub")).toBe("publish");
    expect(complete("assay", "assets", "")).toBe("publish list --help");
    expect(complete("assay", "assets", "publish", "a.csv", "--ro")).toBe("--royalty-bps");
    expect(complete("assay", "retry", "--")).toContain("--owner");
  });
});
