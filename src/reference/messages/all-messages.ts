import { clientMessages } from './client.ts';
import { credentialMessages } from './credentials.ts';
import { daemonMessages } from './daemon.ts';
import { gnutlsMessages } from './gnutls.ts';
import { journalMessages } from './journal.ts';
import type { KnownMessage } from './message.ts';
import { qemuMessages } from './qemu.ts';
import { remminaMessages } from './remmina.ts';
import { saslMessages } from './sasl.ts';
import { sessionMessages } from './sessions.ts';
import { sshMessages } from './ssh.ts';
import { viewerMessages } from './viewers.ts';

/** Every message that `explain` knows. */
export const allMessages: readonly KnownMessage[] = [
  ...credentialMessages,
  ...sessionMessages,
  ...daemonMessages,
  ...clientMessages,
  ...saslMessages,
  ...qemuMessages,
  ...viewerMessages,
  ...remminaMessages,
  ...gnutlsMessages,
  ...sshMessages,
  ...journalMessages,
];
