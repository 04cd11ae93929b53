import { defineConfig } from "vite";

/** The auditor pack's viewer: one script and one style sheet, which the server writes into each pack. */
export default defineConfig({
  build: {
    outDir: "dist/pack",
    target: "es2023",
    lib: { entry: "src/pack/main.ts", formats: ["iife"], name: "pack", fileName: () => "viewer.js", cssFileName: "viewer" },
  },
});
