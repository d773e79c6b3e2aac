import { headerLines, type Answer } from '../wire/answer';

/** Where a client of v2 gets its token, and for what. */
export interface Challenge {
  readonly realm: string;
  readonly service: string | undefined;
  readonly scope: string | undefined;
}

/** The Bearer challenge of a 401 (bridge 4.1); undefined if there is none, or none with a valid realm. */
export function challengeOf(answer: Pick<Answer, 'headers'>): Challenge | undefined {
  const lines = headerLines(answer, 'WWW-Authenticate');
  const line = lines.find((each) => /^bearer /i.test(each));
  if (line === undefined) return undefined;
  const parameters = new Map(
    [...line.matchAll(/([a-z_]+)="([^"]*)"/gi)].map(([, name = '', value = '']) => [name.toLowerCase(), value]),
  );
  const realm = parameters.get('realm') ?? '';
  if (!/^https?:\/\//.test(realm) || !URL.canParse(realm)) return undefined;
  return { realm, service: parameters.get('service'), scope: parameters.get('scope') };
}

/** The URL of a token for a scope, or for that of the challenge (bridge 4.2). */
export function tokenUrl({ realm, service, scope: asked }: Challenge, scope: string | undefined): string {
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set('service', service);
  const wanted = scope ?? asked;
  if (wanted !== undefined) url.searchParams.set('scope', wanted);
  return url.href;
}
