import type { AddressRule } from '../platform/http/address-rules';
import type { Limits } from './sandbox/enclosure';

/** What the operator has configured for a builder. */
export interface BuilderSettings {
  /** The URL at which the builder reaches the hub. */
  readonly hub: string;
  /** The hosts, with their ports, by which Dockerfiles may name the hub; the first is that of names without one. */
  readonly ownHosts: readonly string[];
  /** The folder for the files of builds, on this host. */
  readonly folder: string;
  /** The unprivileged user that runs the programs of builds, if this process runs as root. */
  readonly userName: string;
  /** How many builds run at once. */
  readonly jobs: number;
  readonly limits: Limits;
  readonly addresses: AddressRule;
  /** A file with the keys of ssh hosts; undefined: any key is accepted. */
  readonly knownHosts: string | undefined;
}
