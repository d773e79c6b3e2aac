import type { TestImage } from '../images';
import { basic } from '../test-server';

/** How docker describes itself. */
export function userAgentOf(version: string, kernel = '3.13.0-43-generic'): string {
  return `docker/${version} go/go1.4.1 git-commit/a8a31ef kernel/${kernel} os/linux arch/amd64`;
}

/** An engine that pushes and pulls as its user, and says which it is. */
export class Engine {
  constructor(
    private readonly server: { readonly url: string },
    private readonly username: string,
    private readonly userAgent = userAgentOf('1.5.0'),
  ) {}

  private async ask(
    method: string,
    path: string,
    options: { authorization?: string; body?: string | Buffer; headers?: Readonly<Record<string, string>> } = {},
  ): Promise<Response> {
    const { authorization = basic(this.username), body, headers = {} } = options;
    return fetch(`${this.server.url}/v1/${path}`, {
      method,
      headers: { 'User-Agent': this.userAgent, 'X-Docker-Token': 'true', Authorization: authorization, ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : new Uint8Array(body) }),
    });
  }

  private async mustDo(...request: Parameters<Engine['ask']>): Promise<Response> {
    const answer = await this.ask(...request);
    if (!answer.ok) throw new Error(`${request[0]} ${request[1]}: ${answer.status} ${await answer.text()}`);
    return answer;
  }

  private async upload(image: TestImage, authorization: string): Promise<void> {
    const path = `images/${image.id}`;
    if ((await this.ask('GET', `${path}/json`, { authorization })).ok) return;
    await this.mustDo('PUT', `${path}/json`, { authorization, body: image.json });
    await this.mustDo('PUT', `${path}/layer`, { authorization, body: image.layer });
    const headers = { 'X-Docker-Checksum-Payload': image.payload };
    await this.mustDo('PUT', `${path}/checksum`, { authorization, headers });
  }

  /** Pushes a chain, base first, and tags its last image with each of the tags. */
  async push(repository: string, images: readonly TestImage[], ...tags: readonly string[]): Promise<void> {
    const body = JSON.stringify(images.map(({ id }) => ({ id, Tag: '' })));
    const opened = await this.mustDo('PUT', `repositories/${repository}/`, { body });
    const authorization = `Token ${opened.headers.get('X-Docker-Token')}`;
    for (const image of images) await this.upload(image, authorization);
    for (const tag of tags) {
      const id = JSON.stringify(images.at(-1)?.id);
      await this.mustDo('PUT', `repositories/${repository}/tags/${tag}`, { authorization, body: id });
    }
    await this.mustDo('PUT', `repositories/${repository}/images`, { body: '[]' });
  }
}
