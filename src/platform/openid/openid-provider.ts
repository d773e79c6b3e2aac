import type { Logger } from '../log/logger';
import { Discovery, type Discovered, type ProviderSettings } from './discovery';
import { failureReason } from './failure-reason';
import { signInFailure } from './sign-in-failure';

/** What a provider says about a user; every value is untrusted. */
export type Claims = Readonly<Record<string, unknown>> & { readonly iss: string; readonly sub: string };

/** The secrets of one sign-in, which only the browser that began it brings back. */
export interface SignInSecrets {
  readonly state: string;
  readonly nonce: string;
  /** of PKCE */
  readonly verifier: string;
}

/**
 * A provider of OpenID Connect: the authorization code flow with PKCE, `state`, `nonce` and checks of `iss` and of the
 * signature of the ID token.
 */
export class OpenIdProvider {
  private readonly discovery: Discovery;

  constructor(
    private readonly settings: ProviderSettings,
    private readonly log: Logger,
  ) {
    this.discovery = new Discovery(settings, log);
  }

  /**
   * The URL at the provider to which a browser goes to sign in.
   *
   * @param asked.redirectUri - where the browser comes back to
   * @param asked.isRepeated - the user has to log in at the provider again, even if they are logged in there
   * @throws AppError `unavailable`
   */
  async authorizationUrl(
    { state, nonce, verifier }: SignInSecrets,
    asked: { readonly redirectUri: string; readonly isRepeated: boolean },
  ): Promise<string> {
    const { library, configuration } = await this.discovery.get();
    const url = library.buildAuthorizationUrl(configuration, {
      redirect_uri: asked.redirectUri,
      scope: this.settings.scopes,
      state,
      nonce,
      code_challenge: await library.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      ...(asked.isRepeated ? { prompt: 'login', max_age: '0' } : {}),
    });
    return url.href;
  }

  /**
   * Exchanges the code that a browser brought back for what the provider says about the user.
   *
   * @param callback - the redirect URI with the query that came
   * @throws AppError `invalid` when the provider refused, or the answer is not one to this sign-in; `unavailable`
   */
  async claims({ state, nonce, verifier }: SignInSecrets, callback: URL): Promise<Claims> {
    const discovered = await this.discovery.get();
    const { library, configuration } = discovered;
    try {
      const tokens = await library.authorizationCodeGrant(configuration, callback, {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        idTokenExpected: true,
      });
      const claims = tokens.claims();
      if (claims === undefined) throw new Error('the provider sent no ID token');
      return { ...(await this.userInfo(discovered, tokens.access_token, claims.sub)), ...claims };
    } catch (error) {
      const { issuer, name } = this.settings;
      this.log.warn({ issuer, reason: failureReason(error) }, 'a sign-in with the OpenID provider failed');
      throw signInFailure(error, name);
    }
  }

  /** Many providers say the address and the groups only here. */
  private async userInfo({ library, configuration }: Discovered, token: string, subject: string): Promise<object> {
    if (configuration.serverMetadata().userinfo_endpoint === undefined) return {};
    return library.fetchUserInfo(configuration, token, subject);
  }
}
