import { json } from '../../platform/http/exchange';
import type { V1Handler } from './access';

/**
 * `GET /v1/_ping` (protocol 2.1). Over https, `False` makes engines use tokens with the registry, and `True` makes them
 * send Basic with every request.
 */
export const ping: V1Handler<'open'> = (ctx) =>
  json(200, true, { 'X-Docker-Registry-Standalone': ctx.settings.standalone ? 'True' : 'False' });

/** `GET /` (protocol 4.0): docker's registry greeted with this, a JSON string within a JSON string. */
export const banner: V1Handler<'open'> = () => json(200, '"docker-registry server"');
