import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import chromium, { inflate } from "@sparticuz/chromium";
import { type Browser, chromium as driver } from "playwright-core";

/**
 * Starts the headless browser that comes with the development packages.
 *
 * `ASSAY_BROWSER` names another Chromium to use. Where the system lacks the libraries that the packaged one links
 * (libnss3, libnspr4, libexpat), the copies in the same package are unpacked and used. Answers why not when it cannot run.
 */
export async function openBrowser(): Promise<Browser | { readonly reason: string }> {
  const own = process.env["ASSAY_BROWSER"];
  try {
    if (own) return await driver.launch({ executablePath: own, headless: true });
    if (process.platform !== "linux" || process.arch !== "x64")
      return { reason: "the packaged browser is for Linux on x64; set ASSAY_BROWSER to a Chromium" };
    const executablePath = await chromium.executablePath();
    const libraries = missing(executablePath) ? await unpackLibraries() : undefined;
    const env = Object.fromEntries(
      Object.entries(process.env).filter((pair): pair is [string, string] => pair[1] !== undefined),
    );
    const path = [libraries, env["LD_LIBRARY_PATH"]].filter(Boolean).join(":");
    // Web security stays on, so that the tests see what a reader's browser would refuse.
    const args = chromium.args.filter(
      (flag) =>
        !/^--(headless|disable-web-security|allow-running-insecure|single-process|use-gl|use-angle|enable-unsafe-swiftshader)/.test(
          flag,
        ),
    );
    return await driver.launch({
      executablePath,
      args,
      headless: true,
      env: path ? { ...env, LD_LIBRARY_PATH: path } : env,
    });
  } catch (error) {
    return {
      reason: String((error as Error).message)
        .split("\n")
        .slice(0, 3)
        .join(" "),
    };
  }
}

/** Whether the loader would not find a library. */
function missing(binary: string): boolean {
  try {
    return /not found/.test(execFileSync("ldd", [binary], { encoding: "utf8" }));
  } catch {
    return false;
  }
}

async function unpackLibraries(): Promise<string> {
  const folder = join(tmpdir(), "al2023", "lib");
  if (!existsSync(folder)) {
    const packed = join(import.meta.dirname, "../../node_modules/@sparticuz/chromium/bin/al2023.tar.br");
    await inflate(packed);
  }
  return folder;
}
