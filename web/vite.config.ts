// How the UI is built: one ES module bundle, nothing inlined, so that it runs under a
// Content-Security-Policy without 'unsafe-inline' and without data: scripts.
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

// The hub (or web/mock) that `npm run dev` talks to.
const hub = process.env.UKAI_URL ?? 'http://127.0.0.1:4780';

export default defineConfig({
  plugins: [svelte()],
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  server: {
    proxy: Object.fromEntries(['/api', '/feeds/'].map((path) => [path, { target: hub }])),
  },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
