/** A user in front of a browser, with the verbs the tests speak in. */
import { expect, type Locator, type Page, type Response } from '@playwright/test';

import { password } from './users';

/** What {@link Visitor.found} founded. */
export interface FoundedOrg {
  name: string;
  slug: string;
}

export class Visitor {
  constructor(
    readonly page: Page,
    /** Whether their browser runs JavaScript. */
    readonly hasScript: boolean,
  ) {}

  /** Opens an address and waits until the page answers to clicks. */
  async open(path: string): Promise<Response> {
    const response = await this.page.goto(path);
    await this.untilAwake();
    expect(response, `${path} is a page of its own`).not.toBeNull();
    return response!;
  }

  /** Clicks on something that leads to another page. */
  async follow(link: Locator): Promise<void> {
    const here = this.page.url();
    await link.click();
    await expect(this.page).not.toHaveURL(here);
    await this.untilAwake();
  }

  /** Waits until the islands of the page have woken, so that a click is theirs. */
  async untilAwake(): Promise<void> {
    if (this.hasScript) {
      await this.page.waitForFunction(() => window.islandsAwake || !document.querySelector('leptos-island'));
    }
  }

  async signIn(email: string, secret: string = password): Promise<void> {
    await this.page.getByLabel('E-mail').fill(email);
    await this.page.getByLabel('Password').fill(secret);
    await this.page.getByRole('main').getByRole('button', { name: 'Sign in', exact: true }).click();
  }

  async signOut(): Promise<void> {
    await this.openAccountMenu();
    await this.page.getByRole('button', { name: 'Sign out' }).click();
    await expect(this.page).toHaveURL('/sign-in');
    await this.untilAwake();
  }

  async openAccountMenu(): Promise<void> {
    await this.page.getByRole('button', { name: 'account menu' }).click();
  }

  /** Presses a button that asks first where there is a script to ask. */
  async pressAndConfirm(button: Locator, verb: string): Promise<void> {
    await button.click();
    if (this.hasScript) {
      await this.page.getByRole('dialog').getByRole('button', { name: verb }).click();
    }
  }

  /** Founds an organization that nobody else knows. */
  async found(): Promise<FoundedOrg> {
    const slug = uniqueSlug();
    const name = `Test ${slug}`;
    await this.open('/orgs/new');
    await this.fillNewOrg(name, slug);
    await expect(this.page).toHaveURL(`/orgs/${slug}`);
    await this.untilAwake();
    return { name, slug };
  }

  /** Fills in and sends the form on `/orgs/new`. */
  async fillNewOrg(name: string, slug: string): Promise<void> {
    await this.page.getByLabel('Name').fill(name);
    await this.page.getByLabel('Slug').fill(slug);
    await this.page.getByRole('button', { name: 'Create organization' }).click();
  }
}

/** A slug no organization has, however often the tests ran on this database. */
export function uniqueSlug(): string {
  const random = Math.floor(Math.random() * 36 ** 4).toString(36);
  return `test-${Date.now().toString(36)}-${random}`;
}
