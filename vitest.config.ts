import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["packages/**/*.test.ts", "tools/**/*.test.ts", "test/evidence/**/*.test.ts"],
          exclude: ["**/*.long.test.ts", "**/node_modules/**"],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          // Two processes take file after file: what all of them import is loaded twice, not once a file. The long tests run
          // each file in a process of its own (tools/test.mjs), so that none leans on what another left.
          isolate: false,
          restoreMocks: true,
          unstubGlobals: true,
        },
      },
      {
        test: {
          name: "journey",
          include: ["test/**/*.test.ts"],
          exclude: ["**/*.long.test.ts", "**/node_modules/**", "test/evidence/**"],
          testTimeout: 180_000,
          hookTimeout: 120_000,
          globalSetup: "test/journeys/shared.ts",
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "long",
          include: ["**/*.long.test.ts"],
          exclude: ["**/node_modules/**"],
          testTimeout: 900_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
