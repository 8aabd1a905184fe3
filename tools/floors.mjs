#!/usr/bin/env node
// The one rule of the house: an import names a strictly lower floor (or the same room), in .ts, .tsx and .sol alike.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";

export const floors = ["base", "machines", "kernel", "records", "protocols", "apps", "shells"];

/** The ground that the other rooms of a floor stand on: errors and test base, and the shape of a capability. */
const ground = { base: ["errors", "testkit"], kernel: ["capability"] };

/** Files below `folder` whose name ends with one of `endings`. */
export function* walk(folder, endings) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === "node_modules" || entry.name === "dist") continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(path, endings);
    else if (endings.some((ending) => entry.name.endsWith(ending))) yield path;
  }
}

/** Every import below packages/ that names the same or a higher floor, or leaves its room by a relative path. */
export function violations(root) {
  const found = [];
  const packages = join(root, "packages");
  for (const file of walk(packages, [".ts", ".tsx", ".sol"])) {
    const [floor, room] = relative(packages, file).split("/");
    const own = join(packages, floor, room);
    const text = readFileSync(file, "utf8");
    for (const match of text.matchAll(/(?:from|import)\s*\(?\s*["']([^"']+)["']/g)) {
      const name = match[1];
      const line = text.slice(0, match.index).split("\n").length;
      const at = `${relative(root, file)}:${line}`;
      if (name.startsWith(".")) {
        const target = resolve(file, "..", name);
        if (target.startsWith(`${resolve(packages)}/`) && !target.startsWith(`${resolve(own)}/`)) {
          found.push(`${at} leaves its room: ${name}`);
        }
        continue;
      }
      const scoped = /^@(\w+)\/([\w-]+)/.exec(name);
      if (!scoped || !floors.includes(scoped[1])) continue;
      const sameRoom = scoped[1] === floor && scoped[2] === room;
      const composition = floor === "shells" && scoped[1] === "shells";
      const grounds = ground[floor] ?? [];
      const onGround = scoped[1] === floor && grounds.includes(scoped[2]) && !grounds.includes(room);
      if (!sameRoom && !composition && !onGround && floors.indexOf(scoped[1]) >= floors.indexOf(floor)) {
        found.push(`${at} (${floor}/${room}) imports ${name}: not a lower floor`);
      }
    }
  }
  return found;
}

if (process.argv[1]?.endsWith("floors.mjs")) {
  const found = violations(process.cwd());
  for (const line of found) console.error(line);
  console.log(
    found.length ? `floors: ${found.length} imports break the rule` : "floors: every import names a lower floor",
  );
  process.exit(found.length ? 1 : 0);
}
