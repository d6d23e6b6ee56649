import { join } from 'node:path';

import { places, visit } from '../support/places';
import { test } from '../support/test';

const folder = process.env.SCREENSHOTS_DIR ?? 'test-results/screenshots';

for (const place of places) {
  test.describe(place.name, { tag: place.needsScript ? '@script' : [] }, () => {
    test.use({ person: place.person ?? null });

    test('light and dark', async ({ visitor, page, javaScriptEnabled, viewport }) => {
      await visit(visitor, place);
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        const parts = [place.name.replaceAll(' ', '-'), viewport!.width, colorScheme, javaScriptEnabled ? 'script' : 'plain'];
        // A whole page of members is too long to look at; its beginning and its foot are not.
        await page.screenshot({ path: join(folder, `${parts.join('.')}.png`), fullPage: !place.path.includes('/acme/members') });
      }
    });
  });
}
