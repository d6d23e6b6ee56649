/** Getting around: the command palette, keys, and the menu of organizations. */
import { expectAccessible } from '../support/accessible';
import { expect, test } from '../support/test';

test.describe('an owner', () => {
  test.use({ user: 'owner' });

  test('opens a page, an organization and a member by typing', { tag: '@script' }, async ({ visitor, page }) => {
    await visitor.open('/orgs/acme');
    const palette = page.getByRole('dialog', { name: 'Commands' });
    const field = palette.getByRole('combobox', { name: 'Go to or do' });

    await page.keyboard.press('Control+k');
    await expect(field).toBeFocused();
    await page.keyboard.type('subscr');
    await expect(palette.getByRole('option', { name: /^Subscription/ })).toHaveAttribute('aria-selected', 'true');
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL('/orgs/acme/subscription');
    await visitor.untilAwake();

    await page.keyboard.press('Control+k');
    await page.keyboard.type('glob');
    await expect(palette.getByRole('option', { name: /Globex/ })).toBeVisible();
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL('/orgs/globex');
    await visitor.untilAwake();

    await page.keyboard.press('Control+k');
    await page.keyboard.type('mina');
    const member = palette.getByRole('option', { name: /Mina Foxglove/ });
    await expect(member).toBeVisible();
    await page.keyboard.press('ArrowUp');
    const chosen = palette.getByRole('option', { selected: true });
    await expect(chosen, 'arrows go around').toHaveCount(1);
    await expect(field).toHaveAttribute('aria-activedescendant', (await chosen.getAttribute('id'))!);
    await member.click();
    await expect(page).toHaveURL(/\/orgs\/globex\/members\?q=member%40acme\.test/);
    await visitor.untilAwake();
    await expect(page.getByRole('main')).toContainText('1 match');
  });

  test('gets the keyboard back where it was', { tag: '@script' }, async ({ visitor, page }) => {
    await visitor.open('/orgs/globex');
    const link = page.getByRole('navigation', { name: 'Organization' }).getByRole('link', { name: 'Members' });
    await link.focus();
    await page.keyboard.press('Control+k');
    await expect(page.getByRole('combobox', { name: 'Go to or do' })).toBeFocused();
    await page.keyboard.press('Escape');
    await expect(page.getByRole('dialog', { name: 'Commands' })).toBeHidden();
    await expect(link).toBeFocused();

    await visitor.openAccountMenu();
    await page.getByRole('button', { name: 'Commands' }).click();
    await expect(page.getByRole('combobox', { name: 'Go to or do' })).toBeFocused();
    await page.keyboard.press('Escape');
    await expect(page.getByRole('button', { name: 'account menu' })).toBeFocused();
  });

  test('does what a button of the page does', { tag: '@script' }, async ({ visitor, page }) => {
    await visitor.open('/orgs/globex');
    await page.keyboard.press('Control+k');
    await page.keyboard.type('colors: dark');
    await page.keyboard.press('Enter');
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
    await expect(page.getByRole('dialog', { name: 'Commands' })).toBeHidden();
  });

  test('learns the keys, goes by them, and types in peace', { tag: '@script' }, async ({ visitor, page }) => {
    await visitor.open('/orgs/acme');
    await page.keyboard.press('?');
    const keys = page.getByRole('dialog', { name: 'Keys' });
    await expect(keys).toContainText('Members');
    await page.keyboard.press('Escape');
    await expect(keys).toBeHidden();

    await page.keyboard.press('g');
    await page.keyboard.press('m');
    await expect(page).toHaveURL('/orgs/acme/members');
    await visitor.untilAwake();

    await page.getByLabel('Name or e-mail').focus();
    await page.keyboard.type('go?');
    await expect(page.getByLabel('Name or e-mail')).toHaveValue('go?');
    await expect(keys).toBeHidden();
    await expect(page).toHaveURL('/orgs/acme/members');
  });

  test('turns the keys off, for good', { tag: '@script' }, async ({ visitor, page }) => {
    await visitor.open('/orgs/acme');
    await page.keyboard.press('?');
    await page.getByRole('checkbox', { name: 'Keys without Ctrl' }).uncheck();
    await page.keyboard.press('Escape');
    await visitor.open('/orgs/acme/members');
    await page.keyboard.press('g');
    await page.keyboard.press('o');
    await page.waitForTimeout(300);
    await expect(page).toHaveURL('/orgs/acme/members');
    await page.keyboard.press('Control+k');
    await expect(page.getByRole('dialog', { name: 'Commands' })).toBeVisible();
  });

  test('finds organizations in the menu, those opened last first', { tag: '@script' }, async ({ visitor, page }) => {
    await visitor.open('/orgs/hooli');
    await visitor.open('/orgs/umbrella');
    const menu = page.getByRole('button', { name: 'switch organization' });
    await menu.focus();
    await page.keyboard.press('Enter');
    const field = page.getByRole('combobox', { name: 'Search your organizations' });
    await expect(field).toBeFocused();
    const options = page.getByRole('listbox', { name: 'Organizations' }).getByRole('option');
    await expect(options).toHaveCount(6);
    await expect(options.nth(0)).toHaveText('Umbrella');
    await expect(options.nth(1)).toHaveText('Hooli');

    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await expect(options.nth(1)).toHaveAttribute('aria-selected', 'true');
    await page.keyboard.press('Escape');
    await expect(field).toBeHidden();
    await expect(menu).toBeFocused();

    await page.keyboard.press('Enter');
    await page.keyboard.type('INIT');
    await expect(options).toHaveCount(1);
    await expect(options.first()).toHaveAttribute('aria-selected', 'true');
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL('/orgs/initech');
  });

  test('searches the organizations from the menu without a script, too', { tag: '@plain' }, async ({ visitor, page }) => {
    await visitor.open('/orgs/acme');
    await page.getByRole('button', { name: 'switch organization' }).click();
    await page.getByRole('combobox', { name: 'Search your organizations' }).fill('glob');
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL('/orgs?q=glob');
    await expect(page.getByRole('main').getByRole('listitem')).toHaveCount(1);
    await visitor.openAccountMenu();
    await expect(page.getByRole('button', { name: 'Commands' }), 'of no use without a script').toBeHidden();
  });

  test('has an accessible palette and list of keys in light and in dark', { tag: '@script' }, async ({ visitor, page }) => {
    await visitor.open('/orgs/acme');
    for (const [key, dialog] of [['Control+k', 'Commands'], ['?', 'Keys']] as const) {
      await page.keyboard.press(key);
      await expect(page.getByRole('dialog', { name: dialog })).toBeVisible();
      await expectAccessible(page, dialog);
      await page.keyboard.press('Escape');
      await expect(page.getByRole('dialog', { name: dialog })).toBeHidden();
    }
  });
});

test.describe('a member', () => {
  test.use({ user: 'member' });

  test('is offered what their role may see and nothing else', { tag: '@script' }, async ({ visitor, page }) => {
    await visitor.open('/orgs/acme');
    await page.keyboard.press('Control+k');
    const palette = page.getByRole('dialog', { name: 'Commands' });
    await expect(palette.getByRole('option', { name: /^Members/ })).toBeVisible();
    await expect(palette.getByRole('option', { name: /^Settings/ })).toHaveCount(0);
    await expect(palette.getByRole('option', { name: /^Platform/ })).toHaveCount(0);
  });
});
