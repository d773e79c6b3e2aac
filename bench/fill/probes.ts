import type { Drydock } from '../servers/drydock';
import { PROBES } from './sizes';

/** A repository that has the same shape in every data set. */
export interface Probe {
  readonly namespace: string;
  readonly name: string;
  /** the one that `latest` points to */
  readonly imageId: string;
}

/** The probes of a filled database, the oldest first. */
export async function listProbes(server: Drydock): Promise<Probe[]> {
  return server.rows<Probe>(
    `select r.namespace, r.name, t.image_id as "imageId" from repositories r join tags t on t.repository_id = r.id
     where t.name = 'latest' and r.id % ((select max(id) from repositories where state <> 'initialized') / ${PROBES}) = 0
     order by r.id`,
  );
}
