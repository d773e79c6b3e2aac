const CHECK_MS = 2000;

export type Health = 'ok' | 'failed';

/** Waits for a check, not for long. */
export async function healthOf(check: Promise<unknown>): Promise<Health> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'failed'>((resolve) => {
    timer = setTimeout(() => resolve('failed'), CHECK_MS);
  });
  const result = check.then(
    () => 'ok' as const,
    () => 'failed' as const,
  );
  try {
    return await Promise.race([result, late]);
  } finally {
    clearTimeout(timer);
  }
}
