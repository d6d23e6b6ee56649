/** The users of the demo data, by what they are to the organization `acme`. */
export const users = {
  /** Owner of `acme`, `globex`, `initech`, `umbrella`, `hooli`, and `mega`, which has 10,100 members. */
  owner: { email: 'owner@acme.test', name: 'Olive Winterbourne' },
  /** Admin of `acme`. */
  admin: { email: 'admin@acme.test', name: 'Adam Brightwater' },
  /** Member of `acme` and `globex`. */
  member: { email: 'member@acme.test', name: 'Mina Foxglove' },
  /** Member of nothing; no test may change that. */
  outsider: { email: 'outsider@acme.test', name: 'Otto Elsewhere' },
  /** Member of nothing in the demo data, and so the one whom tests let found organizations. */
  founder: { email: 'root@orghub.test', name: 'Ruth Underhill' },
} as const;

export type UserName = keyof typeof users;

/** The password of everybody in the demo data. */
export const password = 'orghub-demo';
