/**
 * Pictures of every page: phone and desktop, light and dark, with JavaScript and
 * without. Not part of the tests.
 *
 * `SCREENSHOTS_DIR=pictures BASE_URL=http://127.0.0.1:3000 npm run screenshots`
 */
import { defineConfig } from '@playwright/test';

import { chromium } from './support/browser';
import { widths } from './support/scenarios';

export default defineConfig({
  testDir: 'screenshots',
  globalSetup: './support/site-answers.ts',
  outputDir: 'test-results',
  fullyParallel: true,
  workers: 2,
  reporter: 'list',
  use: chromium,
  projects: [true, false].flatMap((javaScriptEnabled) =>
    widths.map((width) => ({
      name: `${width} pixels, ${javaScriptEnabled ? 'with' : 'without'} JavaScript`,
      grepInvert: javaScriptEnabled ? /@plain/ : /@script/,
      use: {
        javaScriptEnabled,
        viewport: { width, height: width < 700 ? 812 : 900 },
        deviceScaleFactor: width < 700 ? 2 : 1,
        contextOptions: { reducedMotion: 'reduce' as const },
      },
    })),
  ),
});
