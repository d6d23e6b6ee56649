import { users } from '../support/users';
import { expect, test } from '../support/test';
import { uniqueSlug } from '../support/visitor';

test('the landing page leads to sign-in, and sign-in to the organizations', async ({ visitor, page }) => {
  await visitor.open('/');
  await visitor.follow(page.getByRole('link', { name: 'Sign in' }));
  await expect(page).toHaveURL('/sign-in');
  await visitor.signIn(users.member.email);
  await expect(page).toHaveURL('/orgs');
  await visitor.untilAwake();
  await visitor.open('/');
  await expect(page, 'there is nothing to land on for who is signed in').toHaveURL('/orgs');
});

test('a wrong password keeps the address and says so next to the form', async ({ visitor, page }) => {
  // Nobody's address: failed attempts on somebody's would keep them out after a few
  // runs. To the server the two are alike.
  const email = `${uniqueSlug()}@acme.test`;
  await visitor.open('/sign-in');
  await visitor.signIn(email, 'not the password');
  await expect(page.getByRole('main').getByRole('alert')).toHaveText(/E-mail or password is wrong/);
  await expect(page).toHaveURL('/sign-in');
  await expect(page.getByLabel('E-mail')).toHaveValue(email);
  await expect(page.getByLabel('Password'), 'passwords are never echoed').toHaveValue('');
  await expect(page.getByLabel('Password')).toHaveAttribute('type', 'password');
  expect(await page.content()).not.toContain('not the password');

  await visitor.untilAwake();
  await page.reload();
  await expect(page.getByRole('alert'), 'the message is shown once').toHaveCount(0);
});

test('signed out, a page asks to sign in first and then opens', async ({ visitor, page }) => {
  const wanted = '/orgs/acme/members?q=winter&sort=name';
  const redirect = await page.request.get(wanted, { maxRedirects: 0 });
  expect(redirect.status()).toBe(303);
  expect(redirect.headers().location).toBe(`/sign-in?next=${encodeURIComponent(wanted)}`);

  await visitor.open(wanted);
  await expect(page).toHaveURL(`/sign-in?next=${encodeURIComponent(wanted)}`);
  await visitor.signIn(`${uniqueSlug()}@acme.test`, 'wrong at first');
  await expect(page.getByRole('alert')).toBeVisible();
  await visitor.signIn(users.member.email);
  await expect(page).toHaveURL(wanted);
});

for (const elsewhere of ['https://evil.test/', '//evil.test', '/\\evil.test']) {
  test(`signing in never leads to another site: ${elsewhere}`, async ({ visitor, page }) => {
    await visitor.open(`/sign-in?next=${encodeURIComponent(elsewhere)}`);
    await visitor.signIn(users.member.email);
    await expect(page).toHaveURL('/orgs');
  });
}

test('signing out ends the session and not only the cookie', async ({ visitor, page, context }) => {
  await visitor.open('/sign-in');
  await visitor.signIn(users.member.email);
  await expect(page).toHaveURL('/orgs');
  await visitor.untilAwake();
  const cookies = await context.cookies();

  await visitor.signOut();
  await expect(page.getByRole('status').filter({ hasText: 'You are signed out.' })).toBeVisible();
  await visitor.open('/orgs');
  await expect(page).toHaveURL('/sign-in?next=%2Forgs');

  await context.addCookies(cookies);
  await visitor.open('/orgs');
  await expect(page, 'a kept copy of the cookie opens nothing').toHaveURL('/sign-in?next=%2Forgs');
});

test('the session is in a cookie that scripts and other sites cannot use', async ({ visitor, page, context }) => {
  await visitor.open('/sign-in');
  await visitor.signIn(users.member.email);
  await expect(page).toHaveURL('/orgs');
  const session = (await context.cookies()).find((cookie) => /^(__Host-)?orghub$/.test(cookie.name));
  expect(session).toMatchObject({ httpOnly: true, sameSite: 'Lax', path: '/' });
});
