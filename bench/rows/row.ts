import type { Line, Skipped } from '../measure/figures';
import type { LoadGenerator } from '../measure/load';
import type { Resources } from '../measure/resources';

/** What a row gets to work with. */
export interface Bench {
  readonly isQuick: boolean;
  /** the name of the data set, see `fill/sizes.ts` */
  readonly scale: string;
  readonly rounds: number;
  /** of load for one figure */
  readonly seconds: number;
  readonly load: LoadGenerator;
  /** settings of the server for the variant that is measured */
  readonly environment: Readonly<Record<string, string>>;
  readonly progress: (line: string) => void;
}

/** One or more lines of the table that are measured together. */
export interface Row {
  /** for `--only` */
  readonly name: string;
  /** Programs that the row needs for its comparison. */
  readonly needs: readonly Program[];
  readonly measure: (bench: Bench, resources: Resources) => Promise<(Line | Skipped)[]>;
}

/** The programs that we compare with, and the packages they come in. */
export const PROGRAMS = {
  'docker-registry': 'docker-registry',
  nginx: 'nginx-light',
  skopeo: 'skopeo',
  radosgw: 'radosgw',
  buildah: 'buildah',
  runc: 'runc',
  busybox: 'busybox-static',
} as const;
export type Program = keyof typeof PROGRAMS;

export const CONNECTIONS = 32;
