import http from 'node:http';

/** Server-sent events, as text, as they arrive. */
export class EventStream {
  text = '';
  status: number | undefined;
  headers: http.IncomingHttpHeaders = {};
  /** The answer has ended as it should, and was not cut off. */
  isWhole = false;
  readonly #request: http.ClientRequest;
  readonly ended: Promise<void>;

  constructor(url: string, headers: Record<string, string> = {}) {
    let end: () => void = () => undefined;
    this.ended = new Promise((resolve) => (end = resolve));
    this.#request = http.get(url, { headers, agent: false }, (answer) => {
      this.status = answer.statusCode;
      this.headers = answer.headers;
      answer.setEncoding('utf8').on('data', (piece: string) => (this.text += piece));
      answer.on('error', () => undefined);
      answer.on('close', () => {
        this.isWhole = answer.complete;
        end();
      });
    });
    this.#request.on('error', end);
  }

  /** Waits for a text, or the end. */
  async has(text: string): Promise<boolean> {
    const over = { now: false };
    void this.ended.then(() => (over.now = true));
    while (!this.text.includes(text) && !over.now) await new Promise((resolve) => setTimeout(resolve, 20));
    return this.text.includes(text);
  }

  close(): void {
    this.#request.destroy();
  }
}
