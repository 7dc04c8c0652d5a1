/** What is at fault; reporters make a location of it. Paths are the host's own. */
export type Subject =
  | { readonly kind: 'file'; readonly path: string; readonly line?: number }
  | { readonly kind: 'setting'; readonly path: string; readonly key: string; readonly line?: number }
  | { readonly kind: 'process'; readonly pid: number; readonly program: string }
  | { readonly kind: 'endpoint'; readonly host: string; readonly port: number }
  | { readonly kind: 'host' };

export const file = (path: string, line?: number): Subject => ({
  kind: 'file',
  path,
  ...(line === undefined ? {} : { line }),
});

export const setting = (path: string, key: string, line?: number): Subject => ({
  kind: 'setting',
  path,
  key,
  ...(line === undefined ? {} : { line }),
});

/** One line for a person: `path:line`, `path: key`, `program (pid)`, `host:port`. */
export function subjectText(subject: Subject): string {
  switch (subject.kind) {
    case 'file':
      return subject.line === undefined ? subject.path : `${subject.path}:${subject.line}`;
    case 'setting':
      return `${subject.line === undefined ? subject.path : `${subject.path}:${subject.line}`} ${subject.key}`;
    case 'process':
      return `${subject.program} (pid ${subject.pid})`;
    case 'endpoint':
      return subject.host.includes(':') ? `[${subject.host}]:${subject.port}` : `${subject.host}:${subject.port}`;
    case 'host':
      return 'this host';
  }
}
