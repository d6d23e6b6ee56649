import type { Browser, Page } from '@playwright/test';

import { nobody, site } from '../support/browser';
import { expect, test } from '../support/test';
import { password } from '../support/users';
import { Visitor } from '../support/visitor';

/** Somebody whom no other test signs in. The two projects run at the same time. */
async function somebody(visitor: Visitor): Promise<string> {
  await visitor.open('/orgs/hooli/members');
  const members = visitor.page.getByRole('row').filter({ hasText: 'hooli.test' });
  const email = await members.nth(visitor.hasScript ? 0 : 1).locator('.members__email').textContent();
  return email!;
}

/** A browser of theirs, without JavaScript: nothing asks there. */
async function signedIn(browser: Browser, email: string): Promise<Visitor> {
  const context = await browser.newContext({ baseURL: site.href, javaScriptEnabled: false, storageState: nobody });
  const visitor = new Visitor(await context.newPage(), false);
  await visitor.open('/sign-in');
  await visitor.signIn(email);
  await expect(visitor.page).toHaveURL('/orgs');
  return visitor;
}

function sessions(page: Page) {
  return page.getByRole('region', { name: 'Sessions' }).getByRole('listitem');
}

test.describe('sessions', () => {
  test.use({ user: 'owner' });

  test('are listed, this one first, and end one by one and all at once', async ({ visitor, browser }) => {
    const email = await somebody(visitor);
    const here = await signedIn(browser, email);
    await here.open('/account/security');
    const others = here.page.getByRole('button', { name: 'End all other sessions' });
    if (await others.isVisible()) {
      // Of former runs.
      await others.click();
    }
    const there = await signedIn(browser, email);
    const elsewhere = await signedIn(browser, email);

    await here.open('/account/security');
    await expect(sessions(here.page)).toHaveCount(3);
    await expect(sessions(here.page).first()).toContainText('This session');
    await expect(sessions(here.page).first()).toContainText(/Chrom/);
    await expect(sessions(here.page).first().getByRole('button')).toHaveCount(0);
    // The newest of the others.
    await sessions(here.page).nth(1).getByRole('button', { name: /^End session/ }).click();
    await expect(here.page.getByRole('status').filter({ hasText: 'The session has ended.' })).toBeVisible();
    await expect(sessions(here.page)).toHaveCount(2);
    await elsewhere.open('/orgs');
    await expect(elsewhere.page, 'signed out').toHaveURL(/\/sign-in/);
    await there.open('/orgs');
    await expect(there.page, 'still signed in').toHaveURL('/orgs');

    await others.click();
    await expect(here.page.getByRole('status').filter({ hasText: 'The other session has ended.' })).toBeVisible();
    await expect(sessions(here.page)).toHaveCount(1);
    await expect(others).toHaveCount(0);
    await there.open('/orgs');
    await expect(there.page, 'signed out').toHaveURL(/\/sign-in/);
    for (const one of [here, there, elsewhere]) {
      await one.page.context().close();
    }
  });

  test('are ended after a question where there is a script to ask', { tag: '@script' }, async ({ visitor, page }) => {
    await visitor.open('/account/security');
    const end = sessions(page).getByRole('button', { name: /^End session/ }).first();
    test.skip((await end.count()) === 0, 'the owner has no other session');
    await end.click();
    const dialog = page.getByRole('dialog');
    await expect(dialog.getByRole('heading')).toHaveText(/^End the session of .+\?$/);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await expect(dialog).toBeHidden();
    await expect(page.getByRole('status').filter({ hasText: 'ended' })).toHaveCount(0);
  });
});

test('the copy of the session is in a cookie that scripts cannot read, and goes with it', async ({ visitor, page, context }) => {
  await visitor.open('/sign-in');
  await visitor.signIn('outsider@acme.test', password);
  await expect(page).toHaveURL('/orgs');
  const copy = async () => (await context.cookies()).find((cookie) => cookie.name.endsWith('orghub-session_data'));
  expect(await copy()).toMatchObject({ httpOnly: true, sameSite: 'Lax', path: '/' });
  expect(await page.evaluate(() => document.cookie)).not.toContain('session_data');
  await visitor.untilAwake();
  await visitor.signOut();
  expect(await copy()).toBeUndefined();
});
