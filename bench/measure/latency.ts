import { Agent, get } from 'node:http';

/** One request on a kept connection; resolves to its milliseconds, the body included. */
function timeOne(agent: Agent, url: string, headers: Readonly<Record<string, string>>): Promise<number> {
  const startedAt = process.hrtime.bigint();
  return new Promise((resolve, reject) => {
    get(url, { agent, headers, timeout: 30_000 }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`GET ${url}: ${response.statusCode}`));
      response.resume().once('error', reject);
      response.once('end', () => resolve(Number(process.hrtime.bigint() - startedAt) / 1e6));
    }).once('error', reject);
  });
}

/** Makes calls one after the other, and resolves to the milliseconds of each. */
export async function timeCalls(make: () => Promise<unknown>, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const startedAt = performance.now();
    await make();
    times.push(performance.now() - startedAt);
  }
  return times;
}

export interface TimedRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Sends requests one after the other, from the list in turn, and resolves to the milliseconds of each. */
export async function timeRequests(requests: readonly TimedRequest[], count: number): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    const times: number[] = [];
    for (let index = 0; index < count; index += 1) {
      const request = requests[index % requests.length];
      if (request === undefined) throw new Error('there is nothing to request');
      times.push(await timeOne(agent, request.url, request.headers));
    }
    return times;
  } finally {
    agent.destroy();
  }
}
