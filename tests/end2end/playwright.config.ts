/**
 * Tests of the running product, with the demo data, in Chromium.
 *
 * `cargo xtask test` starts everything they need. By hand, against a server that
 * is running: `BASE_URL=http://127.0.0.1:3000 npx playwright test`.
 *
 * Every test runs twice, with JavaScript and without, save those that say why
 * they make sense in one of the two only: `@script` is about what an island adds,
 * `@plain` about what stands in for it.
 */
import { defineConfig } from '@playwright/test';

import { chromium } from './support/browser';

export default defineConfig({
  testDir: 'specs',
  globalSetup: './support/site-answers.ts',
  outputDir: 'test-results',
  fullyParallel: true,
  // The machine that runs them also runs server, database and cache.
  workers: 2,
  // A test that passes at the second attempt hides a defect, of its own or of the product.
  retries: 0,
  forbidOnly: true,
  timeout: 30_000,
  expect: { timeout: 5_000 },
  reporter: [['list'], ['html', { open: 'never', outputFolder: 'playwright-report' }]],
  use: {
    ...chromium,
    // Recording everything takes a third of the time: `TRACE=1` where the picture of a failure
    // and what stood on the page do not explain it.
    trace: process.env.TRACE ? 'retain-on-failure' : 'off',
    screenshot: 'only-on-failure',
  },
  projects: [
    { name: 'with JavaScript', use: { javaScriptEnabled: true }, grepInvert: /@plain/ },
    { name: 'without JavaScript', use: { javaScriptEnabled: false }, grepInvert: /@script/ },
  ],
});
