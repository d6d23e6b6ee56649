/** The member list of an organization, as it stands on the page. */
import { expect, type Locator, type Page } from '@playwright/test';

export class MemberList {
  /** The list, empty or not; carries `data-total`, `data-page` and `data-pages`. */
  readonly list: Locator;
  readonly rows: Locator;
  readonly names: Locator;
  /** The links to other pages. */
  readonly pager: Locator;

  constructor(page: Page) {
    this.list = page.locator('[data-total]');
    this.rows = this.list.locator('tr[data-member-id]');
    this.names = this.rows.locator('.members__name');
    this.pager = page.getByRole('navigation', { name: 'Pages of the member list' });
  }

  /** Way to another page: `First`, `Previous`, `Next`, `Last`, or `Page 7`. */
  to(page: string): Locator {
    return this.pager.getByRole('link', { name: page, exact: true });
  }

  async expectToBeAt(page: number, { of: pages, total }: { of: number; total: number }): Promise<void> {
    await expect(this.list).toHaveAttribute('data-page', String(page));
    await expect(this.list).toHaveAttribute('data-pages', String(pages));
    await expect(this.list).toHaveAttribute('data-total', String(total));
  }

  async roles(): Promise<(string | null)[]> {
    return this.rows.evaluateAll((rows) => rows.map((row) => row.getAttribute('data-role')));
  }

  async ids(): Promise<(string | null)[]> {
    return this.rows.evaluateAll((rows) => rows.map((row) => row.getAttribute('data-member-id')));
  }

  /** The row of the member with that id. */
  row(id: string): Locator {
    return this.list.locator(`tr[data-member-id="${id}"]`);
  }
}
