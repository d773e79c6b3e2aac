const ANY_ADDRESS: ReadonlySet<string> = new Set(['0.0.0.0', '[::]']);

/** What browsers call this server: as the operator says, or else where it listens. */
export class PublicUrl {
  private readonly configured: URL | undefined;
  private listening: URL;

  /**
   * @param configured - `https://hub.example.com`, or with a path; undefined: nothing is
   * @param listening - where it will listen, as far as that is known before
   */
  constructor(configured: string | undefined, listening: string) {
    this.configured = configured === undefined ? undefined : new URL(configured);
    this.listening = new URL(listening);
  }

  /** Now it is known where it listens. */
  listensOn(url: string): void {
    this.listening = new URL(url);
  }

  /** The host, with the port unless it is the scheme's own. */
  get host(): string {
    return this.url().host;
  }

  /** The whole address of a path that begins with `/`. */
  of(path: string): string {
    const { origin, pathname } = this.url();
    return origin + pathname.replace(/\/$/, '') + path;
  }

  private url(): URL {
    if (this.configured !== undefined) return this.configured;
    if (!ANY_ADDRESS.has(this.listening.hostname)) return this.listening;
    const url = new URL(this.listening);
    url.hostname = 'localhost'; // it listens on every address, and that is one that a browser understands
    return url;
  }
}
