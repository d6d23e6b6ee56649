/** What the site mailed, as `/dev/mailbox` has it. */
import { expect, type Page } from '@playwright/test';

export interface Message {
  to: string;
  subject: string;
  text: string;
  html: string;
  /** Where the button leads. */
  link: string | null;
}

/** The messages to one address, the latest first; waits until there are `count`. */
export async function mailTo(page: Page, address: string, count = 1): Promise<Message[]> {
  let found: Message[] = [];
  await expect(async () => {
    const response = await page.request.get('/dev/mailbox.json');
    const messages = (await response.json()) as Message[];
    found = messages.filter((message) => message.to === address);
    expect(found.length, `messages to ${address}`).toBeGreaterThanOrEqual(count);
  }).toPass();
  return found;
}

/** Path and query of the link in the latest message to an address with that subject. */
export async function linkTo(page: Page, address: string, subject: RegExp): Promise<string> {
  let path = '';
  await expect(async () => {
    const message = (await mailTo(page, address)).find((message) => subject.test(message.subject));
    expect(message?.link, `a message to ${address} about ${subject}`).toBeTruthy();
    const link = new URL(message!.link!);
    path = link.pathname + link.search;
  }).toPass();
  return path;
}
