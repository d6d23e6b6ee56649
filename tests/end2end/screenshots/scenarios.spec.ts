import { join } from 'node:path';

import { scenarios, visit } from '../support/scenarios';
import { test } from '../support/test';

const folder = process.env.SCREENSHOTS_DIR ?? 'test-results/screenshots';

for (const scenario of scenarios) {
  test.describe(scenario.name, { tag: scenario.needsScript ? '@script' : [] }, () => {
    test.use({ user: scenario.user ?? null });

    test('light and dark', async ({ visitor, page, javaScriptEnabled, viewport }) => {
      await visit(visitor, scenario);
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        const parts = [scenario.name.replaceAll(' ', '-'), viewport!.width, colorScheme, javaScriptEnabled ? 'script' : 'plain'];
        // A whole page of members is too long to look at; its beginning and its foot are not.
        await page.screenshot({ path: join(folder, `${parts.join('.')}.png`), fullPage: !scenario.path.includes('/acme/members') });
      }
    });
  });
}
