/**
 * `test` as every file here uses it: it knows the users of the demo data and
 * fails when the browser has something to complain about.
 *
 * Who is asking is an option: `test.use({ user: 'owner' })`; nobody by default.
 */
import { expect, test as base, type Browser, type BrowserContext, type BrowserContextOptions } from '@playwright/test';

import { named } from './authenticator';
import { issuer, site, stripe } from './browser';
import { users, type UserName } from './users';
import { Visitor } from './visitor';

export { expect };

type StorageState = Exclude<BrowserContextOptions['storageState'], string | undefined>;

interface Fixtures {
  /** Who is signed in. */
  user: UserName | null;
  visitor: Visitor;
  /** Complaints of the browser, none of which is acceptable. */
  complaints: string[];
}

interface WorkerFixtures {
  /** Signs users in, each once: the server makes every sign-in slow on purpose. */
  sessionOf: (user: UserName) => Promise<StorageState>;
}

declare global {
  interface Window {
    /** Set by {@link announceIslands}. */
    islandsAwake?: boolean;
  }
}

export const test = base.extend<Fixtures, WorkerFixtures>({
  user: [null, { option: true }],

  storageState: async ({ user, sessionOf }, use) => {
    await use(user ? await sessionOf(user) : undefined);
  },

  sessionOf: [
    async ({ browser }, use) => {
      const sessions = new Map<UserName, Promise<StorageState>>();
      await use((user) => {
        const session = sessions.get(user) ?? signIn(browser, user);
        sessions.set(user, session);
        return session;
      });
    },
    { scope: 'worker' },
  ],

  complaints: [
    async ({ context, javaScriptEnabled }, use) => {
      const complaints = listen(context, javaScriptEnabled);
      await use(complaints);
      expect(complaints, 'complaints of the browser').toEqual([]);
    },
    { auto: true },
  ],

  // Asks for `complaints` to be torn down before them: what the last page's
  // script has to say, it says while it wakes.
  visitor: async ({ page, javaScriptEnabled, complaints: _ }, use, testInfo) => {
    const visitor = new Visitor(page, javaScriptEnabled);
    if (visitor.hasScript) {
      await page.addInitScript(announceIslands);
    }
    await use(visitor);
    if (testInfo.errors.length === 0) {
      await visitor.untilAwake();
    }
  },
});

async function signIn(browser: Browser, user: UserName): Promise<StorageState> {
  const context = await browser.newContext({ baseURL: site.href });
  const visitor = new Visitor(await context.newPage(), false);
  await visitor.open('/sign-in');
  await visitor.signIn(users[user].email);
  await expect(visitor.page, `${user} is signed in`).toHaveURL('/orgs');
  const session = await context.storageState();
  await context.close();
  return session;
}

/** Collects errors, warnings, violated policies and requests to other hosts. */
function listen(context: BrowserContext, hasScript: boolean): string[] {
  const complaints: string[] = [];
  const visited = new Set<string>();
  context.on('request', (request) => {
    const url = new URL(request.url());
    if (request.isNavigationRequest()) {
      visited.add(url.href);
    }
    // One is sent to the provider of sign-in to say who one is, and to Stripe to pay; nothing
    // else asks them.
    const isErrand = [issuer?.host, stripe?.host].includes(url.host) && request.isNavigationRequest();
    if (url.protocol.startsWith('http') && ![site.host, named.host].includes(url.host) && !isErrand) {
      complaints.push(`a request to another host: ${url.href}`);
    }
  });
  context.on('response', (response) => {
    if (response.status() >= 500) {
      complaints.push(`${response.status()} from ${response.url()}`);
    }
  });
  context.on('console', (message) => {
    if (!['error', 'warning'].includes(message.type())) {
      return;
    }
    // The browser calls a page that answers 404 an error. The tests know better
    // which page should; for anything else that is loaded it is right.
    const { url } = message.location();
    const isStatusOfPage = message.text().startsWith('Failed to load resource: the server responded with') && visited.has(url);
    // The document asks for the script early; a browser without JavaScript has no use for it.
    const isUnusedScript = !hasScript && message.text().includes('was preloaded using link preload but not used');
    if (!isStatusOfPage && !isUnusedScript) {
      complaints.push(`console, ${message.type()}: ${message.text()} (${url})`);
    }
  });
  context.on('weberror', (error) => {
    const { name, message, stack } = error.error();
    complaints.push(`uncaught: ${stack || `${name}: ${message}`}`);
  });
  return complaints;
}

/**
 * Runs in the page before its own scripts and notes when the islands are awake.
 * Leptos does not say so. It wakes them all in the microtasks that follow the
 * start of the WebAssembly module, so the first task after those is late enough.
 */
function announceIslands(): void {
  const instantiate = WebAssembly.instantiateStreaming;
  WebAssembly.instantiateStreaming = async (...args) => {
    const module = await instantiate.apply(WebAssembly, args);
    setTimeout(() => setTimeout(() => (window.islandsAwake = true)));
    return module;
  };
}
