import validate from '#validate-snapshot';
import { snapshotFormat, snapshotVersion, type Snapshot } from '../facts/snapshot.ts';
import { printable } from '../report/printable.ts';
import { UsageError } from './usage-error.ts';

/** Reads a snapshot and holds it against its schema. @throws UsageError saying what is wrong and where. */
export function parseSnapshot(text: string, path: string): Snapshot {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${path} is no snapshot: it is not JSON`, { cause: error });
  }
  const { format, version } = (typeof document === 'object' && document !== null ? document : {}) as Record<
    string,
    unknown
  >;
  if (format !== snapshotFormat) {
    throw new UsageError(
      `${path} is no snapshot: "format" is ${shown(format)} where ${JSON.stringify(snapshotFormat)} is needed`,
    );
  }
  if (version !== snapshotVersion) {
    throw new UsageError(
      `${path} is a snapshot of version ${shown(version)}; this program reads version ${snapshotVersion}: collect it again, or use the program that wrote it`,
    );
  }
  try {
    if (validate(document)) return document as Snapshot;
  } catch (error) {
    // Values of settings may nest, and ajv follows them by recursion.
    if (error instanceof RangeError) {
      throw new UsageError(`${path} is a damaged snapshot: it nests too deep`, { cause: error });
    }
    throw error;
  }
  const error = validate.errors?.[0];
  throw new UsageError(
    `${path} is a damaged snapshot: ${printable(error?.instancePath ?? '') || 'the document'} ${error?.message ?? 'does not fit'}`,
  );
}

const shown = (value: unknown): string => printable(JSON.stringify(value) ?? 'missing').slice(0, 60);
