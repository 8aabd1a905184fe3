// biome-ignore lint/correctness/noUndeclaredDependencies: build tools belong to the root
import react from "@vitejs/plugin-react";
// biome-ignore lint/correctness/noUndeclaredDependencies: build tools belong to the root
import { defineConfig, type Plugin } from "vite";

/** Adds the content security policy to the built page: nothing may be asked of any other origin. */
function policy(): Plugin {
  const rules = [
    "default-src 'self'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "connect-src 'self'",
    "worker-src 'self' blob:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ];
  return {
    name: "assay-policy",
    apply: "build",
    transformIndexHtml: () => [
      { tag: "meta", attrs: { "http-equiv": "Content-Security-Policy", content: rules.join("; ") }, injectTo: "head" },
    ],
  };
}

/** The node that the development server forwards API calls to. */
const node = process.env["ASSAY_URL"] ?? "http://127.0.0.1:4280";

export default defineConfig({
  root: import.meta.dirname,
  base: "./",
  plugins: [react(), policy()],
  build: {
    outDir: "dist",
    emptyOutDir: false, // verify.html stands beside it, from a build of its own
    target: "es2022",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 600,
  },
  server: { proxy: { "/v1": node } },
});
