import { join, secret } from '../support/newcomer';
import { expect, test } from '../support/test';
import { totp } from '../support/totp';
import type { Visitor } from '../support/visitor';

/** Presses a button whose form asks first where there is JavaScript. */
async function pressAndConfirm(visitor: Visitor, name: string, verb: string): Promise<void> {
  const { page } = visitor;
  await page.getByRole('main').getByRole('button', { name }).click();
  if (visitor.hasScript) {
    await page.getByRole('dialog').getByRole('button', { name: verb }).click();
  }
}

interface TurnedOn {
  /** What the app was told. */
  key: string;
  /** The code it was turned on with: whatever the time is by now, it is not good again. */
  used: string;
  /** Recovery codes. */
  codes: string[];
}

/** Turns an authenticator app on. */
async function turnOn(visitor: Visitor): Promise<TurnedOn> {
  const { page } = visitor;
  await visitor.open('/account/security');
  await visitor.follow(page.getByRole('link', { name: 'Set up authenticator app' }));
  await page.getByRole('button', { name: 'Set up an app' }).click();
  await expect(page.getByRole('img', { name: 'The key as a QR code' })).toBeVisible();
  await visitor.untilAwake();
  const key = (await page.locator('.secret').textContent())!;
  await page.getByRole('textbox', { name: 'Code' }).fill('000000');
  await page.getByRole('button', { name: 'Turn on' }).click();
  await expect(page.getByText('This code is not right')).toBeVisible();
  await visitor.untilAwake();
  const used = totp(key);
  await page.getByRole('textbox', { name: 'Code' }).fill(used);
  await page.getByRole('button', { name: 'Turn on' }).click();
  await expect(page).toHaveURL('/account/security/recovery-codes');
  await visitor.untilAwake();
  const codes = await page.locator('.codes .secret').allTextContents();
  expect(codes).toHaveLength(10);
  await page.getByRole('button', { name: 'I have saved them' }).click();
  await expect(page).toHaveURL('/account/security');
  await visitor.untilAwake();
  return { key, used, codes };
}

test('an authenticator app is set up, asked for, and turned off', async ({ visitor, page }) => {
  const email = await join(visitor);
  const { key, used } = await turnOn(visitor);
  await expect(page.getByRole('main')).toContainText('10 of 10 left.');
  await visitor.signOut();

  await visitor.signIn(email, secret);
  await expect(page).toHaveURL(/\/sign-in\/second-factor/);
  await visitor.untilAwake();
  await page.getByRole('textbox', { name: 'Code' }).fill(used);
  await page.getByRole('button', { name: 'Continue' }).click();
  await expect(page.getByText('This code is not right'), 'it was used').toBeVisible();
  await visitor.untilAwake();
  // The next one: a code is taken half a minute early or late, and never twice.
  await page.getByRole('textbox', { name: 'Code' }).fill(totp(key, 1));
  await page.getByRole('button', { name: 'Continue' }).click();
  await expect(page).toHaveURL('/orgs');
  await visitor.untilAwake();

  await visitor.open('/account/security/totp');
  await pressAndConfirm(visitor, 'Turn the app off', 'Turn off');
  await expect(page).toHaveURL('/account/security');
  await visitor.untilAwake();
  await visitor.signOut();
  await visitor.signIn(email, secret);
  await expect(page).toHaveURL('/orgs');
});

test('a recovery code signs in once, and new ones can be made', async ({ visitor, page }) => {
  const email = await join(visitor);
  const { codes } = await turnOn(visitor);
  for (const [attempt, isRight] of [[1, true], [2, false]] as const) {
    await visitor.signOut();
    await visitor.signIn(email, secret);
    await expect(page).toHaveURL(/\/sign-in\/second-factor/);
    await visitor.untilAwake();
    await page.getByRole('textbox', { name: 'Code' }).fill(codes[0]!);
    await page.getByRole('button', { name: 'Continue' }).click();
    if (isRight) {
      await expect(page, `attempt ${attempt}`).toHaveURL('/orgs');
    } else {
      await expect(page.getByText('This code is not right'), `attempt ${attempt}`).toBeVisible();
    }
    await visitor.untilAwake();
    if (!isRight) {
      await page.getByRole('textbox', { name: 'Code' }).fill(codes[1]!.toUpperCase().replaceAll('-', ' '));
      await page.getByRole('button', { name: 'Continue' }).click();
      await expect(page).toHaveURL('/orgs');
      await visitor.untilAwake();
    }
  }
  await visitor.open('/account/security/recovery-codes');
  await expect(page.getByRole('main')).toContainText('8 of 10');
  await pressAndConfirm(visitor, 'Make new codes', 'Make new codes');
  await expect(page.locator('.codes .secret')).toHaveCount(10);
  await visitor.untilAwake();
});
