/*
 * The engine generations that the doctor imitates, as data: what each sends, what it needs and how it behaves.
 * Everything is recorded or measured (docs/PROTOCOL.md), or else read in the engine's source. The steps know nothing
 * else about versions; `readable-exchange.ts` has the texts in which they differ.
 */

/** How an engine identifies itself on one kind of request. */
export interface Agent {
  readonly userAgent: string;
  /** sends `Connection: close`; each request has its own connection in any case */
  readonly closes: boolean;
}

export interface Generation {
  readonly name: string;
  readonly version: string;
  /** for all requests without a special agent */
  readonly agent: Agent;
  readonly pingAgent: Agent;
  /** undefined: never registers, as 1.11 and later */
  readonly registerAgent: Agent | undefined;
  /** a 401 to the registration leads to a login, as 400 `"Username or email already exists"` does */
  readonly logsInAfter401: boolean;
  /** needs `X-Docker-Registry-Version` on the ping */
  readonly needsVersionHeader: boolean;
  /**
   * the evidence of a standalone registry in the ping, on which the engine uses Basic for registry requests over https
   */
  readonly standaloneSign: 'none' | 'header' | 'header or body';
  /** `ping`: asks `/v2/` and then `/v1/_ping`; `first`: tries everything in v2 and then in v1 */
  readonly v2: 'never' | 'ping' | 'first';
  /** `opening`: the token of the answer that opens a push or pull; `latest`: that of the latest answer with a token */
  readonly token: 'opening' | 'latest';
  /** `lines`: each header line is one host, and a pull needs one; `lists`: split at commas, and a pull needs none */
  readonly endpoints: 'lines' | 'lists';
  /** the spelling of this header on the two PUTs to the index */
  readonly indexContentType: 'Content-Type' | 'Content-type';
  readonly layerContentType: boolean;
  readonly imageStyle: 'engine ids' | 'content ids';
  /** the tarsum writer of 0.6 to 1.2 omits the two zero blocks */
  readonly tarTrailer: boolean;
  readonly payloadSum: 'none' | 'tar' | 'json and layer';
  /** gives ancestors the tag of a descendant too, and ends the push with a list of checksums */
  readonly tagsAncestors: boolean;
  readonly lookups: 'one by one' | 'all first';
  readonly oneTag: 'from the list' | 'by name';
  readonly pullOrder: 'tip first' | 'base first' | 'jsons first';
  /** `parents first`: a layer needs its parent; `newest first`: the order of the list determines the image */
  readonly ancestry: 'any order' | 'parents first' | 'newest first';
  readonly headsLayers: boolean;
  readonly needsSize: boolean;
  readonly smallSizePanics: boolean;
  readonly cutLayer: 'fatal' | 'resumes' | 'resumes or restarts';
  readonly search: { readonly tokenHeader: boolean; readonly basic: boolean; readonly suffix: string };
}

const GO_CLIENT = 'Go-http-client/1.1';

function docker(version: string, commit: string, go: string, suffix = ''): Agent {
  const kernel = 'kernel/3.13.0-24-generic os/linux arch/amd64';
  return { userAgent: `docker/${version} go/${go} git-commit/${commit} ${kernel}${suffix}`, closes: true };
}

function upstream(version: string): string {
  return ` UpstreamClient(Docker-Client/${version} \\(linux\\))`;
}

const ENGINE_0_9: Generation = {
  name: '0.9',
  version: '0.9.1',
  agent: docker('0.9.1', '867b2a9', 'go1.2.1'),
  pingAgent: { userAgent: GO_CLIENT, closes: false },
  registerAgent: { userAgent: GO_CLIENT, closes: false },
  logsInAfter401: true,
  needsVersionHeader: true,
  standaloneSign: 'header',
  v2: 'never',
  token: 'opening',
  endpoints: 'lines',
  indexContentType: 'Content-Type',
  layerContentType: false,
  imageStyle: 'engine ids',
  tarTrailer: false,
  payloadSum: 'tar',
  tagsAncestors: false,
  lookups: 'one by one',
  oneTag: 'from the list',
  pullOrder: 'base first',
  ancestry: 'any order',
  headsLayers: false,
  needsSize: true,
  smallSizePanics: true,
  cutLayer: 'fatal',
  search: { tokenHeader: true, basic: true, suffix: '' },
};

const ENGINE_0_6: Generation = {
  ...ENGINE_0_9,
  name: '0.6',
  version: '0.6.7',
  agent: docker('0.6.7', '53f1bf0', 'go1.1.2'),
  logsInAfter401: false,
  standaloneSign: 'none',
  payloadSum: 'none',
  tagsAncestors: true,
  pullOrder: 'tip first',
  smallSizePanics: false,
  search: { tokenHeader: false, basic: false, suffix: '' },
};

const ENGINE_1_0: Generation = {
  ...ENGINE_0_9,
  name: '1.0',
  version: '1.0.1',
  agent: docker('1.0.1', '990021a', 'go1.2.1'),
  needsVersionHeader: false,
  standaloneSign: 'header or body',
  endpoints: 'lists',
  payloadSum: 'json and layer',
  headsLayers: true,
  needsSize: false,
  cutLayer: 'resumes',
};

const ENGINE_1_5: Generation = {
  ...ENGINE_1_0,
  name: '1.5',
  version: '1.5.0',
  agent: docker('1.5.0', 'a8a31ef', 'go1.4.1'),
  pingAgent: { userAgent: GO_CLIENT, closes: true },
  v2: 'ping',
  indexContentType: 'Content-type',
  layerContentType: true,
  tarTrailer: true,
  lookups: 'all first',
  ancestry: 'parents first',
  headsLayers: false,
  smallSizePanics: false,
  search: { tokenHeader: true, basic: false, suffix: '' },
};

const AGENT_1_7 = docker('1.7.1', '786b29d', 'go1.4.2');
const ENGINE_1_7: Generation = {
  ...ENGINE_1_5,
  name: '1.7',
  version: '1.7.1',
  agent: AGENT_1_7,
  pingAgent: AGENT_1_7,
  registerAgent: AGENT_1_7,
  token: 'latest',
  search: { tokenHeader: false, basic: false, suffix: '' },
};

const AGENT_1_13 = docker('1.13.1', '092cba3', 'go1.7.5', upstream('1.13.1'));
const ENGINE_1_13: Generation = {
  ...ENGINE_1_7,
  name: '1.13',
  version: '1.13.1',
  agent: AGENT_1_13,
  pingAgent: AGENT_1_13,
  registerAgent: undefined,
  v2: 'first',
  imageStyle: 'content ids',
  oneTag: 'by name',
  pullOrder: 'jsons first',
  ancestry: 'newest first',
  cutLayer: 'resumes or restarts',
  search: { tokenHeader: true, basic: true, suffix: '&n=25' },
};

const AGENT_17_05 = docker('17.05.0-ce', '89658be', 'go1.7.5', upstream('17.05.0-ce'));
const ENGINE_17_05: Generation = {
  ...ENGINE_1_13,
  name: '17.05',
  version: '17.05.0-ce',
  agent: AGENT_17_05,
  pingAgent: AGENT_17_05,
};

/** The newest engine that speaks v1. */
export const NEWEST: Generation = ENGINE_17_05;

/** Oldest first. */
export const GENERATIONS: readonly Generation[] = [
  ENGINE_0_6,
  ENGINE_0_9,
  ENGINE_1_0,
  ENGINE_1_5,
  ENGINE_1_7,
  ENGINE_1_13,
  ENGINE_17_05,
];
