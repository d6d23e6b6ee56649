import { linkTo, mailTo } from '../support/mailbox';
import { expect, test } from '../support/test';
import { uniqueSlug, type Visitor } from '../support/visitor';

const good = 'a long walk by the river';
const better = 'seven swans over the lake';

async function signUp(visitor: Visitor, email: string, next = ''): Promise<void> {
  const { page } = visitor;
  await visitor.open(next ? `/sign-up?next=${encodeURIComponent(next)}` : '/sign-up');
  await page.getByLabel('Your name').fill('Ada Example');
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(good);
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page).toHaveURL('/check-mail');
  await visitor.untilAwake();
}

/** An account with a verified address, signed in. */
async function join(visitor: Visitor): Promise<string> {
  const email = `${uniqueSlug()}@people.test`;
  await signUp(visitor, email);
  await visitor.open(await linkTo(visitor.page, email, /Confirm/));
  await visitor.page.getByRole('button', { name: 'Confirm this address' }).click();
  await expect(visitor.page).toHaveURL('/orgs/new');
  await visitor.untilAwake();
  return email;
}

test('somebody new signs up, confirms the address and has an organization', async ({ visitor, page }) => {
  await visitor.open('/');
  await visitor.follow(page.getByRole('link', { name: 'Create an account' }));
  const email = `${uniqueSlug()}@people.test`;
  await signUp(visitor, email);
  await expect(page.getByRole('status').filter({ hasText: email })).toBeVisible();

  const [message] = await mailTo(page, email);
  expect(message!.text).toContain(message!.link!);
  expect(message!.html).toContain('Confirm this address');
  await visitor.open(await linkTo(page, email, /Confirm/));
  await expect(page.getByLabel('Password'), 'this browser has typed it already').toHaveCount(0);
  await page.getByRole('button', { name: 'Confirm this address' }).click();
  await expect(page).toHaveURL('/orgs/new');
  await visitor.untilAwake();

  const name = `Bakers ${uniqueSlug().slice(5)}`;
  await page.getByLabel('Name').fill(name);
  await page.getByRole('button', { name: 'Create organization' }).click();
  await expect(page, 'the slug is made from the name').toHaveURL(/\/orgs\/bakers-/);
  await expect(page.getByRole('heading', { level: 1 })).toContainText(name);
});

test('in another browser the link asks for the password', async ({ visitor, page, context }) => {
  const email = `${uniqueSlug()}@people.test`;
  await signUp(visitor, email);
  await context.clearCookies();
  const link = await linkTo(page, email, /Confirm/);
  await visitor.open(link);
  await page.getByLabel('Password').fill('a guess');
  await page.getByRole('button', { name: 'Confirm this address' }).click();
  await expect(page.getByRole('alert')).toContainText('not the password');
  await visitor.untilAwake();
  await page.getByLabel('Password').fill(good);
  await page.getByRole('button', { name: 'Confirm this address' }).click();
  await expect(page).toHaveURL('/orgs/new');
  await visitor.untilAwake();
  const again = await visitor.open(link);
  expect(again.status(), 'it works once').toBe(410);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('This link does not work any more');
});

test('a forgotten password is set anew by mail', async ({ visitor, page }) => {
  const email = await join(visitor);
  await visitor.signOut();
  await visitor.follow(page.getByRole('link', { name: 'Forgot your password?' }));
  await page.getByLabel('E-mail').fill(email);
  await page.getByRole('button', { name: 'Mail me a link' }).click();
  await expect(page).toHaveURL('/check-mail');
  await visitor.untilAwake();
  await visitor.open(await linkTo(page, email, /Set a new password/));
  await page.getByLabel('New password').fill(better);
  await page.getByRole('button', { name: 'Set password' }).click();
  await expect(page).toHaveURL('/sign-in');
  await visitor.untilAwake();
  await visitor.signIn(email, better);
  await expect(page).toHaveURL('/orgs');
});

test('the account page changes name, picture and address', async ({ visitor, page }) => {
  const email = await join(visitor);
  await visitor.openAccountMenu();
  await visitor.follow(page.getByRole('link', { name: 'Your account' }));
  await page.getByLabel('Your name').fill('Ada Lovelace');
  await page.getByRole('button', { name: 'Save name' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Your name is saved.' })).toBeVisible();
  await visitor.untilAwake();
  await expect(page.getByRole('button', { name: 'account menu' })).toContainText('Ada Lovelace');

  const png = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  );
  await page.getByLabel('Choose a picture').setInputFiles({ name: 'me.png', mimeType: 'image/png', buffer: png });
  await page.getByRole('button', { name: 'Save picture' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Your picture is saved.' })).toBeVisible();
  await visitor.untilAwake();
  const picture = page.getByRole('main').locator('img.avatar');
  await expect(picture).toBeVisible();
  expect(await picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(192);

  const next = `${uniqueSlug()}@people.test`;
  await page.getByLabel('New e-mail address').fill(next);
  await page.getByRole('button', { name: 'Change address' }).click();
  await expect(page.getByRole('status').filter({ hasText: next })).toBeVisible();
  await visitor.untilAwake();
  await visitor.open(await linkTo(page, next, /new e-mail address/));
  await page.getByRole('button', { name: 'Use this address' }).click();
  await expect(page).toHaveURL('/account');
  await visitor.untilAwake();
  await expect(page.getByRole('main')).toContainText(next);

  await visitor.open(await linkTo(page, email, /was changed/));
  await page.getByRole('button', { name: 'Take it back' }).click();
  await expect(page).toHaveURL('/check-mail');
  await visitor.untilAwake();
  await visitor.open('/account');
  await expect(page, 'everybody is signed out').toHaveURL(/\/sign-in/);
});

test('a password is changed by who knows it', async ({ visitor, page }) => {
  const email = await join(visitor);
  await visitor.open('/account/security');
  await page.getByLabel('Current password').fill('a guess');
  await page.getByLabel('New password').fill(better);
  await page.getByRole('button', { name: 'Change password' }).click();
  await expect(page.getByText('This is not your password.')).toBeVisible();
  await visitor.untilAwake();
  await page.getByLabel('Current password').fill(good);
  await page.getByLabel('New password').fill(better);
  await page.getByRole('button', { name: 'Change password' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Your password is changed.' })).toBeVisible();
  await visitor.untilAwake();
  await visitor.signOut();
  await visitor.signIn(email, better);
  await expect(page).toHaveURL('/orgs');
});

test('an account is deleted after a mail', async ({ visitor, page }) => {
  const email = await join(visitor);
  await visitor.open('/account');
  const download = await page.request.get('/account/export');
  expect(JSON.stringify(await download.json())).toContain(email);
  await page.getByRole('button', { name: 'Delete account' }).click();
  await expect(page.getByRole('status').filter({ hasText: email })).toBeVisible();
  await visitor.untilAwake();
  await visitor.open(await linkTo(page, email, /deleted/));
  await page.getByRole('button', { name: 'Delete my account' }).click();
  await expect(page).toHaveURL('/sign-in');
  await visitor.untilAwake();
  await visitor.signIn(email, good);
  await expect(page.getByRole('main').getByRole('alert')).toHaveText(/E-mail or password is wrong/);
});
