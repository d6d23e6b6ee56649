/**
 * What holds for every page. That the browser does not complain and asks no other
 * host is in the fixtures, for these tests as for all others.
 */
import { expectAccessible } from '../support/accessible';
import { scenarios, visit } from '../support/scenarios';
import { expect, test } from '../support/test';

// Each is two looks of axe at one page; a machine that also runs the server takes its time.
test.describe.configure({ timeout: 90_000 });

// What moves while a page opens is at its end at once.
test.use({ contextOptions: { reducedMotion: 'reduce' } });

for (const scenario of scenarios) {
  test.describe(scenario.name, { tag: scenario.needsScript ? '@script' : [] }, () => {
    test.use({ user: scenario.user ?? null });

    test('is whole, never scrolls sideways, and is accessible in light and in dark', async ({ visitor, page }) => {
      await visit(visitor, scenario);
      await expect(page.locator('html')).toHaveAttribute('lang', 'en');
      await expect(page).toHaveTitle(/.+ · Orghub$/);
      await expect(page.getByRole('heading', { level: 1, includeHidden: true })).toHaveCount(1);
      // One visit for all of it: style sheets follow the window, and nothing else does.
      await expectAccessible(page, scenario.name, visitor.hasScript);
    });
  });
}
