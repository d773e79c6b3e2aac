/**
 * How somebody else can give a blob's bytes to a client in our place: a web server in front of us that sees the same
 * files.
 */
export interface Handover {
  readonly kind: 'file';
  /** below the root of the store, with slashes, no escapes needed */
  readonly path: string;
}
