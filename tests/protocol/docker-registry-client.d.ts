/** The parts of the client that our test uses, as its sources define them; it has no types of its own. */
declare module 'docker-registry-client' {
  import type { IncomingMessage } from 'node:http';

  /** An answer whose whole body has been read */
  type TextResponse = IncomingMessage & { body: string };
  type Callback<T, R = TextResponse> = (error: Error | null, value: T, response: R) => void;

  interface SearchResults {
    num_results: number;
    results: { name: string; description: string; is_official: boolean; is_automated: boolean; star_count: number }[];
  }

  interface RegistryClientV1 {
    readonly version: 1;
    ping(callback: Callback<unknown>): void;
    search(options: { term: string }, callback: Callback<SearchResults>): void;
    listRepoImgs(options: object, callback: Callback<{ id: string }[]>): void;
    listRepoTags(callback: Callback<Record<string, string>>): void;
    getImgId(options: { tag: string }, callback: Callback<string>): void;
    getImgAncestry(options: { imgId: string }, callback: Callback<string[]>): void;
    getImgJson(options: { imgId: string }, callback: Callback<Record<string, unknown>>): void;
    /** The stream is paused in a way of its own: listen first, then `resume`. */
    getImgLayerStream(
      options: { imgId: string },
      callback: (error: Error | null, stream: IncomingMessage) => void,
    ): void;
    close(): void;
  }

  interface Credentials {
    username: string;
    password: string;
  }

  function createClientV1(options: { name: string } & Partial<Credentials>): RegistryClientV1;
  function loginV1(
    options: { index: string; email: string } & Credentials,
    callback: (error: Error | null, result: { status: string }) => void,
  ): void;
  function pingIndexV1(options: { indexName: string }, callback: Callback<unknown>): void;
}
