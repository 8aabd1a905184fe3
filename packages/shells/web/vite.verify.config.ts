// biome-ignore lint/correctness/noUndeclaredDependencies: build tools belong to the root
import { defineConfig, type Plugin } from "vite";

/** Puts script and style into the page itself: one file that works from anywhere, a USB stick included. */
function oneFile(): Plugin {
  return {
    name: "assay-one-file",
    enforce: "post",
    generateBundle(_, bundle) {
      const page = Object.values(bundle).find((file) => file.fileName.endsWith(".html"));
      if (page?.type !== "asset") return;
      let html = String(page.source);
      for (const file of Object.values(bundle)) {
        if (file === page) continue;
        const name = file.fileName.split("/").at(-1) ?? "";
        const tag = new RegExp(`<(script|link)[^>]*${name.replaceAll(".", "\\.")}[^>]*>(</script>)?`);
        if (file.type === "chunk") {
          html = html.replace(tag, "");
          // At the end: the page is there when the script begins. A closing tag inside it would end it early.
          const code = file.code.replaceAll("</script", "<\\/script").replaceAll("__VITE_PRELOAD__", "void 0");
          html = html.replace("</body>", () => `<script type="module">${code}</script></body>`);
        } else if (name.endsWith(".css")) html = html.replace(tag, () => `<style>${String(file.source)}</style>`);
        delete bundle[file.fileName];
      }
      page.source = html;
      page.fileName = "verify.html";
    },
  };
}

export default defineConfig({
  root: `${import.meta.dirname}/verify`,
  base: "./",
  plugins: [oneFile()],
  resolve: { alias: { "node:net": `${import.meta.dirname}/verify/net.ts` } },
  build: {
    outDir: "../dist",
    emptyOutDir: false,
    target: "es2022",
    modulePreload: false,
    cssCodeSplit: false,
    assetsInlineLimit: 100_000_000,
    chunkSizeWarningLimit: 4_000,
    rolldownOptions: { input: `${import.meta.dirname}/verify/verify.html`, output: { codeSplitting: false } },
  },
});
