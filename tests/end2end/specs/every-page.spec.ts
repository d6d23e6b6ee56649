/**
 * What holds for every page. That the browser does not complain and asks no other
 * host is in the fixtures, for these tests as for all others.
 */
import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';

import { scenarios, visit, widths } from '../support/scenarios';
import { expect, test } from '../support/test';

/** WCAG up to 2.2, levels A and AA, and what axe calls best practice. */
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

// Each is four looks of axe at one page; a machine that also runs the server takes its time.
test.describe.configure({ timeout: 90_000 });

// Colors that are on their way from one to another have no contrast of their own.
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
      for (const width of widths) {
        await page.setViewportSize({ width, height: 900 });
        expect.soft(await sidewaysOverflow(page), `wider than ${width} pixels`).toEqual([]);
        // axe itself is a script that waits, which a page without JavaScript does not let it.
        for (const colorScheme of visitor.hasScript ? (['light', 'dark'] as const) : []) {
          await page.emulateMedia({ colorScheme });
          expect.soft(await violations(page), `${colorScheme}, ${width} pixels`).toEqual([]);
        }
      }
    });
  });
}

/** What axe finds, in a form that reads well in a report. */
async function violations(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).withTags(RULES).analyze();
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map((node) => `${id}: ${help}\n  ${node.html}\n  ${node.failureSummary ?? ''}`),
  );
}

/** Elements that make the page wider than the window. */
function sidewaysOverflow(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const { clientWidth, scrollWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) {
      return [];
    }
    const wide = [...document.querySelectorAll('body *')].filter((element) => element.getBoundingClientRect().right > clientWidth + 0.5);
    return [`${scrollWidth} pixels`, ...wide.slice(0, 5).map((element) => element.outerHTML.slice(0, 160))];
  });
}
