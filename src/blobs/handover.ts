/** A file that a web server in front of us sees as well, and can send. */
interface FileHandover {
  readonly kind: 'file';
  /** The path below the root of the store, with slashes; it needs no escapes. */
  readonly path: string;
}

/** A URL of the store, with which a client can read the bytes for some minutes. */
interface UrlHandover {
  readonly kind: 'url';
  readonly url: string;
}

/** How a web server or the store can send a blob's bytes to a client. */
export type Handover = FileHandover | UrlHandover;
