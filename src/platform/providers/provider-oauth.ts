import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { AuthorizationRequest, ProviderSettings, ProviderTokens } from './git-provider';
import { failureOf, ProviderError } from './provider-error';
import { read, sendTo, type ProviderAnswer } from './provider-request';

/* OAuth 2 (RFC 6749) as these providers have it: the authorization code grant, with PKCE (RFC 7636) where there is one. */

/** Where and how a provider does OAuth. */
export interface OAuthPlaces {
  readonly name: string;
  readonly authorize: string;
  readonly token: string;
  readonly usesPkce: boolean;
  /** the client shows its secret by Basic, not in the form */
  readonly usesBasic: boolean;
}

const tokensShape = z.looseObject({
  access_token: z.string().min(1).max(16_384),
  refresh_token: z.string().min(1).max(16_384).nullish(),
  expires_in: z.number().nullish(),
  scope: z.string().nullish(),
  scopes: z.string().nullish(),
});
const errorShape = z.looseObject({ error: z.string().max(100) });

/** The `Authorization` header of an OAuth client. */
export function clientBasic({ clientId, clientSecret }: ProviderSettings): string {
  return `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
}

/** Errors of the token endpoint (RFC 6749, 5.2, and those of GitHub) that mean that a code or token has ended. */
const ENDED: ReadonlySet<string> = new Set(['invalid_grant', 'bad_verification_code', 'bad_refresh_token']);

function readTokens(name: string, answer: ProviderAnswer): ProviderTokens {
  // GitHub answers 200 with an error in the body.
  const error = errorShape.safeParse(answer.body).data?.error;
  if (error !== undefined && ENDED.has(error))
    throw new ProviderError('revoked', `${name} no longer accepts the access that was given: link the account again`);
  if (error !== undefined && /^[\w.-]+$/.test(error)) {
    const message = `${name} refuses this server (${error}). The operator has to check the client at ${name}`;
    throw new ProviderError('refused', message);
  }
  if (answer.status !== 200) throw failureOf(name, answer);
  const tokens = read(name, tokensShape, answer.body);
  const scope = tokens.scope ?? tokens.scopes ?? undefined;
  return {
    accessToken: tokens.access_token,
    refreshToken: tokens.refresh_token ?? undefined,
    expiresInSeconds: tokens.expires_in ?? undefined,
    scopes: scope === undefined || scope === '' ? undefined : scope.split(/[\s,]+/),
  };
}

/** OAuth with one provider. */
export class ProviderOAuth {
  constructor(
    private readonly places: OAuthPlaces,
    private readonly settings: ProviderSettings,
  ) {}

  /** The URL to which a browser goes. @param scope - undefined: what the client has there */
  authorizationUrl({ state, verifier, redirectUri }: AuthorizationRequest, scope: string | undefined): string {
    const url = new URL(this.places.authorize);
    url.searchParams.set('client_id', this.settings.clientId);
    url.searchParams.set('response_type', 'code');
    url.searchParams.set('redirect_uri', redirectUri);
    url.searchParams.set('state', state);
    if (scope !== undefined) url.searchParams.set('scope', scope);
    if (this.places.usesPkce) {
      url.searchParams.set('code_challenge', createHash('sha256').update(verifier).digest('base64url'));
      url.searchParams.set('code_challenge_method', 'S256');
    }
    return url.href;
  }

  async exchangeCode({ verifier, redirectUri }: AuthorizationRequest, code: string): Promise<ProviderTokens> {
    const pkce = this.places.usesPkce ? { code_verifier: verifier } : {};
    return this.ask({ grant_type: 'authorization_code', code, redirect_uri: redirectUri, ...pkce });
  }

  async refresh(refreshToken: string): Promise<ProviderTokens> {
    return this.ask({ grant_type: 'refresh_token', refresh_token: refreshToken });
  }

  private async ask(form: Readonly<Record<string, string>>): Promise<ProviderTokens> {
    const { name, token: url, usesBasic } = this.places;
    const { clientId, clientSecret } = this.settings;
    const request = usesBasic
      ? { authorization: clientBasic(this.settings), form }
      : { form: { ...form, client_id: clientId, client_secret: clientSecret } };
    return readTokens(name, await sendTo(name, { method: 'POST', url, ...request }));
  }
}
