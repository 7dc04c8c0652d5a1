/** The user asked for something that cannot be: one line that says what was read and what would be right; exit status 2, no stack. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Is this the user's to mend: by name, for each bundle of the program has this class anew. yargs' own complaints count. */
export const isUsageError = (error: unknown): error is Error =>
  error instanceof Error && (error.name === 'UsageError' || error.name === 'YError');
