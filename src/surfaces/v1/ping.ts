import { json } from '../../platform/http/exchange';
import type { V1Handler } from './access';

/** Protocol 2.1. `False`: engines use tokens with the registry; absent or true would mean Basic on every request. */
export const ping: V1Handler<'open'> = () => json(200, true, { 'X-Docker-Registry-Standalone': 'False' });

/** Protocol 4.0: docker's registry greeted with this, a JSON string within a JSON string. */
export const banner: V1Handler<'open'> = () => json(200, '"docker-registry server"');
