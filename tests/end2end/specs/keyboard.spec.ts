/** Everything with the keyboard alone, in the order things stand on the page. */
import type { Page } from '@playwright/test';

import { password, users } from '../support/users';
import { MemberList } from '../support/member-list';
import { expect, test } from '../support/test';

/** What has the keyboard: its name, and whether a user can see that it does. */
interface Focused {
  name: string;
  isSeen: boolean;
}

function focused(page: Page): Promise<Focused | null> {
  return page.evaluate(() => {
    const element = document.activeElement as HTMLElement | null;
    if (!element || element === document.body) {
      return null;
    }
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    const hasRing = outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2;
    const box = element.getBoundingClientRect();
    const isInWindow = box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
    const label = element instanceof HTMLInputElement || element instanceof HTMLSelectElement ? element.labels?.[0]?.textContent : null;
    const name = element.getAttribute('aria-label') ?? label ?? element.textContent ?? '';
    return { name: name.trim().replace(/\s+/g, ' '), isSeen: hasRing && isInWindow };
  });
}

/** Presses Tab until `name` has the keyboard; returns everything that had it on the way. */
async function tabTo(page: Page, name: string | RegExp): Promise<string[]> {
  const way: string[] = [];
  for (let step = 0; step < 80; step += 1) {
    await page.keyboard.press('Tab');
    const current = await focused(page);
    expect(current, `Tab after ${way.at(-1)} leads to something`).not.toBeNull();
    expect(current, 'what has the keyboard is seen to have it').toMatchObject({ isSeen: true });
    way.push(current!.name);
    if (typeof name === 'string' ? current!.name === name : name.test(current!.name)) {
      return way;
    }
  }
  throw new Error(`Tab never came to ${name}, but to ${way.join(', ')}`);
}

test('a user signs in with the keyboard alone', async ({ visitor, page }) => {
  await visitor.open('/sign-in');
  expect(await tabTo(page, 'Sign in')).toEqual(['Skip to content', 'Orghub', 'System', 'Light', 'Dark', 'E-mail', 'Password', 'Sign in']);

  await page.getByLabel('E-mail').focus();
  await page.keyboard.type(users.member.email);
  await page.keyboard.press('Tab');
  await page.keyboard.type(password);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL('/orgs');
});

test('the skip link is seen when it has the keyboard, and leads past the header', async ({ visitor, page }) => {
  await visitor.open('/sign-in');
  const skip = page.getByRole('link', { name: 'Skip to content' });
  await expect(skip).not.toBeInViewport();
  await page.keyboard.press('Tab');
  await expect(skip).toBeFocused();
  await expect(skip).toBeInViewport();
  await page.keyboard.press('Enter');
  expect(await tabTo(page, /.*/)).toEqual(['E-mail']);
});

test.describe('in an organization', () => {
  test.use({ user: 'owner' });

  test('a user searches the members, turns the page and opens a menu', async ({ visitor, page }) => {
    const members = new MemberList(page);
    await visitor.open('/orgs/acme/members');
    const way = await tabTo(page, 'Apply');
    expect(way).toEqual([
      'Skip to content',
      'Acme, switch organization',
      'Overview',
      'Members',
      'Invitations',
      'Ways to join',
      'Subscription',
      'Activity',
      'Settings',
      `${users.owner.name}, account menu`,
      'Change all',
      'Export CSV',
      'Name or e-mail',
      'Role',
      'Status',
      'Activity',
      'Second factor',
      'Order',
      'Members a page',
      'Apply',
    ].map((name) => expect.stringContaining(name)));

    await page.getByLabel('Name or e-mail').focus();
    await page.keyboard.type('quill');
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL(/q=quill/);
    await visitor.untilAwake();
    await expect(members.list).toHaveAttribute('data-page', '1');

    await members.to('Next').focus();
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL(/q=quill&page=2/);
    await visitor.untilAwake();
    await expect(members.list).toHaveAttribute('data-page', '2');

    const menu = page.getByRole('button', { name: 'account menu' });
    await menu.focus();
    await page.keyboard.press('Enter');
    await expect(page.getByRole('button', { name: 'Sign out' })).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(page.getByRole('button', { name: 'Sign out' })).toBeHidden();
    await expect(menu).toBeFocused();
  });

  test('a row of the list is passed in the order it is read, and its choices are made there', async ({ visitor, page }) => {
    await visitor.open('/orgs/globex/members?sort=name');
    await page.getByRole('button', { name: 'Apply' }).focus();
    const way = await tabTo(page, /^Remove/);
    expect(way.slice(0, 4)).toEqual(['Member', 'Role', 'Joined (UTC)', 'Last active']);
    expect(way.at(-3)).toMatch(/^Role of/);
    expect(way.at(-2)).toMatch(/^Suspend/);

    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('o');
    await page.keyboard.press('Tab');
    expect(await focused(page), 'the button that saves the choice follows it').toEqual({ name: 'Save', isSeen: true });
  });

  test('the question before a removal holds the keyboard until it is answered', { tag: '@script' }, async ({ visitor, page }) => {
    await visitor.open('/orgs/globex/members');
    const remove = page.getByRole('button', { name: 'Remove' }).first();
    await remove.focus();
    await page.keyboard.press('Enter');
    await expect(page.getByRole('dialog').getByRole('button', { name: 'Cancel' }), 'the harmless answer comes first').toBeFocused();
    await page.keyboard.press('Tab');
    await expect(page.getByRole('dialog').getByRole('button', { name: 'Remove member' })).toBeFocused();
    await page.keyboard.press('Escape');
    await expect(remove).toBeFocused();
  });
});
