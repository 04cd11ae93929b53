import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const server = process.env.FLEETSCOPE_HTTP ?? "localhost:8000";

export default defineConfig({
  base: "/static/",
  plugins: [react()],
  html: { cspNonce: "{{ csp_nonce }}" },
  build: { outDir: "dist", target: "es2023", assetsInlineLimit: 0, chunkSizeWarningLimit: 900 },
  server: {
    proxy: {
      "/api": `http://${server}`,
      "/ws": { target: `ws://${server}`, ws: true },
    },
  },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
