/** How another server can send a blob's bytes to a client: a web server in front of us that sees the same files. */
export interface Handover {
  readonly kind: 'file';
  /** The path below the root of the store, with slashes; it needs no escapes. */
  readonly path: string;
}
