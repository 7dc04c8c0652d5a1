/** Does something with every value, so many at a time, in their order. */
export async function atOnce<T>(
  count: number,
  values: readonly T[],
  work: (value: T, index: number) => Promise<void>,
): Promise<void> {
  const left = [...values.entries()];
  const worker = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await work(next[1], next[0]);
  };
  await Promise.all(Array.from({ length: count }, worker));
}
