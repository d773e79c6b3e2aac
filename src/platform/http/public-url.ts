const ANY_ADDRESS: ReadonlySet<string> = new Set(['0.0.0.0', '[::]']);

/** The URL under which browsers reach this server: the configured one, or else the address on which it listens. */
export class PublicUrl {
  private readonly configured: URL | undefined;
  private listening: URL;

  /**
   * @param configured - `https://hub.example.com`, or with a path; undefined if it is not configured
   * @param listening - where it will listen, as far as that is known in advance
   */
  constructor(configured: string | undefined, listening: string) {
    this.configured = configured === undefined ? undefined : new URL(configured);
    this.listening = new URL(listening);
  }

  /** Sets the address, now that the server listens. */
  listensOn(url: string): void {
    this.listening = new URL(url);
  }

  /** The host, with the port unless it is the default of the scheme. */
  get host(): string {
    return this.url().host;
  }

  /** The full URL of a path that begins with `/`. */
  of(path: string): string {
    const { origin, pathname } = this.url();
    return origin + pathname.replace(/\/$/, '') + path;
  }

  private url(): URL {
    if (this.configured !== undefined) return this.configured;
    if (!ANY_ADDRESS.has(this.listening.hostname)) return this.listening;
    const url = new URL(this.listening);
    url.hostname = 'localhost'; // it listens on every address, and a browser understands this one
    return url;
  }
}
