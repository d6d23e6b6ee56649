import { MemberList } from '../support/member-list';
import { expect, test } from '../support/test';

test.describe('an owner', () => {
  test.use({ user: 'owner' });

  test('makes a member an admin and back, and stays on the list as it was', async ({ visitor, page }) => {
    const members = new MemberList(page);
    const list = '/orgs/globex/members?sort=name';
    await visitor.open(list);
    // The two projects run at the same time; each takes a member of its own.
    const index = visitor.hasScript ? 0 : 1;
    const id = await members.rows.filter({ hasText: 'globex.test' }).nth(index).getAttribute('data-member-id');
    const member = members.row(id!);
    const before = await member.getAttribute('data-role');
    const other = before === 'admin' ? 'member' : 'admin';

    for (const role of [other, before!]) {
      await expect(member.getByRole('button', { name: 'Save' }), 'there is nothing to save yet').toBeHidden();
      await member.getByRole('combobox').selectOption(role);
      await member.getByRole('button', { name: 'Save' }).click();
      await expect(page.getByRole('status').filter({ hasText: 'Role changed.' })).toBeVisible();
      await expect(page).toHaveURL(list);
      await expect(member).toHaveAttribute('data-role', role);
      await visitor.untilAwake();
    }
    await page.reload();
    await expect(page.getByText('Role changed.'), 'it is said once').toHaveCount(0);
  });

  // Nobody can be invited yet, so the removed cannot come back: after a few runs
  // on one database there is nobody left. Each project has its own organization.
  test('removes a member, asked first where there is a script to ask', async ({ visitor, page }) => {
    const members = new MemberList(page);
    await visitor.open(`/orgs/${visitor.hasScript ? 'initech' : 'umbrella'}/members`);
    const removable = members.rows.filter({ has: page.getByRole('button', { name: 'Remove' }) });
    const count = await removable.count();
    test.skip(count === 0, 'everybody is removed by former runs; start with fresh demo data');
    const total = Number(await members.list.getAttribute('data-total'));
    const id = await removable.first().getAttribute('data-member-id');
    const member = members.row(id!);
    const remove = member.getByRole('button', { name: 'Remove' });

    if (visitor.hasScript) {
      const dialog = page.getByRole('dialog');
      for (const dismiss of [() => dialog.getByRole('button', { name: 'Cancel' }).click(), () => page.keyboard.press('Escape')]) {
        await remove.click();
        await expect(dialog).toBeVisible();
        await expect(dialog.getByRole('heading')).toHaveText(/^Remove .+\?$/);
        await dismiss();
        await expect(dialog).toBeHidden();
        await expect(remove, 'the keyboard is back where it was').toBeFocused();
      }
      await expect(members.list, 'nothing happened yet').toHaveAttribute('data-total', String(total));
    }
    await visitor.pressAndConfirm(remove, 'Remove member');
    await expect(page.getByRole('status').filter({ hasText: 'Member removed.' })).toBeVisible();
    await expect(members.list).toHaveAttribute('data-total', String(total - 1));
    await expect(member).toHaveCount(0);
  });
});

test.describe('the only owner', () => {
  test.use({ user: 'founder' });

  test('cannot stop being one, and is told at their own row what to do', async ({ visitor, page }) => {
    const { slug } = await visitor.found();
    const members = new MemberList(page);
    await visitor.open(`/orgs/${slug}/members`);
    await expect(members.rows).toHaveCount(1);
    const me = members.rows.first();
    await me.getByRole('combobox').selectOption('member');
    await visitor.pressAndConfirm(me.getByRole('button', { name: 'Save' }), 'Change my role');
    await expect(me.getByRole('alert')).toHaveText(/An organization needs an owner/);
    await expect(me).toHaveAttribute('data-role', 'owner');
  });

  test('cannot leave either', async ({ visitor, page }) => {
    const { slug } = await visitor.found();
    await visitor.open(`/orgs/${slug}/settings`);
    await visitor.pressAndConfirm(page.getByRole('main').getByRole('button', { name: 'Leave organization' }), 'Leave organization');
    await expect(page.getByRole('alert')).toHaveText(/An organization needs an owner/);
    await expect(page).toHaveURL(`/orgs/${slug}/settings`);
  });
});

test.describe('an admin', () => {
  test.use({ user: 'admin' });

  test('can change everybody but owners, and make nobody an owner', async ({ visitor, page }) => {
    const members = new MemberList(page);
    await visitor.open('/orgs/acme/members?sort=role');
    const owner = members.rows.first();
    await expect(owner).toHaveAttribute('data-role', 'owner');
    await expect(owner.locator('form')).toHaveCount(0);
    const member = members.rows.nth(10);
    await expect(member.getByRole('option')).toHaveText(['Admin', 'Billing', 'Member']);
    await expect(member.getByRole('button', { name: 'Remove' })).toBeVisible();
  });

  test('is refused by the server, whatever the page offered', async ({ page }) => {
    const list = '/orgs/acme/members?sort=role&role=owner';
    const html = await (await page.request.get(list)).text();
    const owner = html.match(/data-member-id="([^"]+)"/)?.[1];
    expect(owner).toBeDefined();
    for (const [action, form] of [
      ['change_role', { role: 'member' }],
      ['remove_member', {}],
    ] as const) {
      const answer = await page.request.post(`/api/${action}`, {
        form: { org: 'acme', member_id: owner!, ...form },
        headers: { accept: 'application/json' },
      });
      expect(answer.status(), action).toBe(403);
    }
    expect(await (await page.request.get(list)).text()).toContain(owner);
  });
});
