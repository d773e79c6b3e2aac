import type { Table } from '../clients/matrix';
import { VERSIONS, type EngineVersion } from '../protocol/parse-trace';

/* The table of the README: what crosses between the recorded engines and the clients of today. */

type From = `FROM ${EngineVersion}`;
type To = `TO ${EngineVersion}`;

/** A column of the table. */
export type Crossing = From | To | 'RICH' | 'BACK';

/** A row for each client of v2. */
export const CROSSINGS: Table<Crossing> = {
  page: 'README.md',
  columns: [
    ...VERSIONS.map((version): From => `FROM ${version}`),
    'RICH',
    'BACK',
    ...VERSIONS.map((version): To => `TO ${version}`),
  ],
};
