import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/*
 * A registry by another vendor that belongs to an index: what docker's registry 0.9.1 does when it is not standalone,
 * as far as push, pull and delete need it (toolkit.py, images.py, tags.py). It knows no users. Every request has a
 * token, which it shows to the index; ids are global; it records which repositories are private.
 */

/** What the registry asked the index. */
export interface Asked {
  readonly path: string;
  readonly authorization: string;
  readonly status: number;
}

interface StoredImage {
  readonly json: Buffer;
  readonly parent: string | undefined;
  layer?: Buffer;
  isComplete: boolean;
}

interface Answer {
  readonly status: number;
  readonly body: Buffer | string;
}

interface Token {
  readonly authorization: string;
  readonly repository: string;
  readonly access: string;
}

export interface TokenModeRegistry {
  readonly server: Server;
  readonly host: string;
  readonly asked: Asked[];
  readonly privateRepositories: Set<string>;
  close(): Promise<void>;
}

const METHODS: Readonly<Record<string, readonly string[]>> = {
  read: ['GET'],
  write: ['POST', 'PUT'],
  delete: ['DELETE'],
};

const TRUE: Answer = { status: 200, body: 'true' };
const fail = (status: number, error: string): Answer => ({ status, body: JSON.stringify({ error }) });
const ok = (value: unknown): Answer => ({ status: 200, body: JSON.stringify(value) });

/** Starts it; `indexUrl` is where tokens are verified. */
export async function startTokenModeRegistry(indexUrl: string): Promise<TokenModeRegistry> {
  const registry = new Registry(indexUrl);
  const server = createServer((req, res) => {
    void registry.answer(req).then(
      ({ status, body }) => res.writeHead(status, { Connection: 'close' }).end(body),
      (error: unknown) => res.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    server,
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: registry.asked,
    privateRepositories: registry.privateRepositories,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

class Registry {
  readonly asked: Asked[] = [];
  readonly privateRepositories = new Set<string>();
  private readonly images = new Map<string, StoredImage>();
  private readonly tags = new Map<string, Map<string, string>>();

  constructor(private readonly indexUrl: string) {}

  async answer(req: IncomingMessage): Promise<Answer> {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    const [, kind = '', ...rest] = (req.url ?? '').replace(/\/$/, '').split('/').slice(1);
    const repository = kind === 'repositories' ? rest.slice(0, 2).join('/') : undefined;
    const token = this.tokenOf(req, repository);
    const list = token && (await this.validateToken(token));
    if (token === undefined || list === undefined) return fail(401, 'Requires authorization');
    const method = req.method ?? '';
    if (repository !== undefined) return this.onRepository(method, repository, rest.slice(2), Buffer.concat(chunks));
    const request = { method, id: rest[0] ?? '', part: rest[1] ?? '', token, list, req, body: Buffer.concat(chunks) };
    return method === 'GET' ? this.read(request) : this.write(request);
  }

  /** `check_token`: the token's repository is the path's, and its access the method's. */
  private tokenOf(req: IncomingMessage, repository: string | undefined): Token | undefined {
    const authorization = req.headers.authorization ?? '';
    if (!/^token /i.test(authorization)) return undefined;
    const fields = new Map<string, string>();
    for (const [, name = '', value = ''] of authorization.matchAll(/(\w+)[:=]\s?"?([^",]+)"?/g))
      fields.set(name, value);
    const named = fields.get('repository') ?? '';
    const access = fields.get('access') ?? '';
    if (named.split('/').length !== 2 || (repository !== undefined && repository !== named)) return undefined;
    if (METHODS[access]?.includes(req.method ?? '') !== true) return undefined;
    return { authorization, repository: named, access };
  }

  private async ask(path: string, { authorization }: Token): Promise<{ status: number; text: string }> {
    const response = await fetch(`${this.indexUrl}${path}`, { headers: { Authorization: authorization } });
    this.asked.push({ path, authorization, status: response.status });
    return { status: response.status, text: await response.text() };
  }

  /** `validate_token`: the ids that may be pushed, or undefined when the index says no. */
  private async validateToken(token: Token): Promise<string[] | undefined> {
    const { status, text } = await this.ask(`/v1/repositories/${token.repository}/images`, token);
    return status === 200 ? (JSON.parse(text) as { id: string }[]).map(({ id }) => id) : undefined;
  }

  /** `validate_parent_access` */
  private async mayUse(token: Token, imageId: string): Promise<boolean> {
    const { status, text } = await this.ask(`/v1/repositories/${token.repository}/layer/${imageId}/access`, token);
    return status === 200 && (JSON.parse(text) as { access?: unknown }).access === true;
  }

  private async read({ id, part, token }: { id: string; part: string; token: Token }): Promise<Answer> {
    const image = this.images.get(id);
    if (image === undefined) return fail(404, 'Image not found');
    if (!image.isComplete) return fail(400, 'Image is being uploaded, retry later');
    if (this.privateRepositories.has(token.repository) && part !== 'ancestry' && !(await this.mayUse(token, id))) {
      return fail(404, 'Image not found');
    }
    if (part === 'json') return { status: 200, body: image.json };
    if (part === 'layer') return { status: 200, body: image.layer ?? '' };
    return ok(this.ancestry(id));
  }

  private ancestry(id: string): string[] {
    const parent = this.images.get(id)?.parent;
    return [id, ...(parent === undefined ? [] : this.ancestry(parent))];
  }

  private async write(request: {
    id: string;
    part: string;
    token: Token;
    list: string[];
    req: IncomingMessage;
    body: Buffer;
  }): Promise<Answer> {
    const { id, part, body, req } = request;
    if (part === 'json') return this.putJson(request);
    const image = this.images.get(id);
    if (image === undefined) return fail(404, 'Image not found');
    if (part === 'layer') {
      if (image.isComplete) return fail(409, 'Image already exists');
      image.layer = body;
      return TRUE;
    }
    if (image.isComplete) return fail(409, 'Cannot set this image checksum');
    const sum = createHash('sha256')
      .update(image.json)
      .update('\n')
      .update(image.layer ?? '')
      .digest('hex');
    if (req.headers['x-docker-checksum-payload'] !== `sha256:${sum}`) return fail(400, 'Checksum mismatch');
    image.isComplete = true;
    return TRUE;
  }

  private async putJson({ id, token, list, body }: { id: string; token: Token; list: string[]; body: Buffer }) {
    const { parent } = JSON.parse(body.toString()) as { parent?: string };
    if (!list.includes(id)) return fail(400, 'This image does not belong to the repository');
    if (parent !== undefined && !this.images.has(parent)) return fail(400, 'Image depends on a non existing parent');
    if (parent !== undefined && !(await this.mayUse(token, parent))) {
      return fail(400, 'Image depends on an unauthorized parent');
    }
    if (this.images.get(id)?.isComplete === true) return fail(409, 'Image already exists');
    this.images.set(id, { json: body, parent, isComplete: false });
    return TRUE;
  }

  private onRepository(method: string, repository: string, [, tag]: string[], body: Buffer): Answer {
    const tags = this.tags.get(repository);
    if (method === 'DELETE') return this.tags.delete(repository) ? TRUE : fail(404, 'Repository not found');
    if (method === 'GET') return tags === undefined ? fail(404, 'Repository not found') : ok(Object.fromEntries(tags));
    const imageId = JSON.parse(body.toString()) as string;
    if (!this.images.has(imageId)) return fail(404, 'Image not found');
    this.tags.set(repository, new Map([...(tags ?? []), [tag ?? '', imageId]]));
    return TRUE;
  }
}
