/** What holds for every page, however it is looked at. */
import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';

import { expect } from './test';

/** WCAG up to 2.2, levels A and AA, and what axe calls best practice. */
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** Each width and each choice of colors once: axe takes seconds, and there are many pages. */
const LOOKS = [
  { width: 375, colorScheme: 'light' },
  { width: 1280, colorScheme: 'dark' },
] as const;

/**
 * The page is never wider than the window and, where there is JavaScript, axe finds nothing to say:
 * it is itself a script that waits, which a page without JavaScript does not let it.
 */
export async function expectAccessible(page: Page, where: string, hasScript = true): Promise<void> {
  for (const { width, colorScheme } of LOOKS) {
    await page.setViewportSize({ width, height: 900 });
    // Colors that are on their way from one to another have no contrast of their own.
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    expect.soft(await sidewaysOverflow(page), `${where} is wider than ${width} pixels`).toEqual([]);
    if (hasScript) {
      expect.soft(await violations(page), `${where}, ${colorScheme}, ${width} pixels`).toEqual([]);
    }
  }
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
