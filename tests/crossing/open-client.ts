import { createClientPlace, type ClientPlace } from '../clients/client-process';
import { startDockerd } from '../clients/dockerd';
import type { DebianClient } from '../clients/installed-client';
import { buildah, podman, skopeo, type CrossingClient } from './clients';
import { docker } from './docker-client';
import { logIn } from './login';

/** A client that is logged in as alice, with nothing in its store. */
export interface OpenClient {
  readonly client: CrossingClient;
  close(): Promise<void>;
}

async function openDocker(place: ClientPlace): Promise<OpenClient> {
  const { socket, close } = await startDockerd(place, '{}');
  return {
    client: docker(place, socket),
    close: async () => {
      await close();
      await place.close();
    },
  };
}

const CLIENTS = { podman, buildah, skopeo } as const;

/** Opens a client in a folder of its own, since clients that share one reuse what the others pulled. */
export async function openClient(name: DebianClient, host: string): Promise<OpenClient> {
  const place = await createClientPlace();
  await logIn(place, host);
  return name === 'docker' ? openDocker(place) : { client: CLIENTS[name](place), close: () => place.close() };
}
