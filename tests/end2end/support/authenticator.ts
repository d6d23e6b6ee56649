/** A device with passkeys in front of the browser: Chromium's own virtual one. */
import type { CDPSession, Page } from '@playwright/test';

import { site } from './browser';

/** Passkeys belong to a name, and 127.0.0.1 is none. */
export const named = Object.assign(new URL(site), { hostname: site.hostname === '127.0.0.1' ? 'localhost' : site.hostname });

export class Device {
  private constructor(
    private readonly session: CDPSession,
    private readonly id: string,
  ) {}

  /** Plugs a device in that holds passkeys and recognizes its user. */
  static async plugIn(page: Page): Promise<Device> {
    const session = await page.context().newCDPSession(page);
    await session.send('WebAuthn.enable');
    const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    return new Device(session, authenticatorId);
  }

  async passkeys(): Promise<number> {
    const { credentials } = await this.session.send('WebAuthn.getCredentials', { authenticatorId: this.id });
    return credentials.length;
  }

  /** Whether it knows the finger on it. */
  async recognizes(isUserVerified: boolean): Promise<void> {
    await this.session.send('WebAuthn.setUserVerified', { authenticatorId: this.id, isUserVerified });
  }

  /** As if another device were in its place. */
  async forgetEverything(): Promise<void> {
    await this.session.send('WebAuthn.clearCredentials', { authenticatorId: this.id });
  }
}
