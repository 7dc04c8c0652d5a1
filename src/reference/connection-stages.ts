/** The stages of a connection, in the order in which it can fail. */
export const connectionStages = [
  'server-config',
  'server-credentials',
  'client-credentials',
  'reach',
  'handshake',
  'server-identity',
  'client-identity',
  'auth',
] as const;

export type ConnectionStage = (typeof connectionStages)[number];
