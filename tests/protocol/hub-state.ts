/*
 * What an index and registry must know by now, according to the earlier requests. Engines act differently depending on
 * what exists (a registration of a known name, a probe for a known image), so what they need from an answer depends on
 * it.
 */

export interface KnownImage {
  readonly json: Buffer;
  layer: Buffer;
  /** over json and layer, as the engine sent it; until then the image may not be shown */
  payload: string | undefined;
}

export interface KnownRepository {
  readonly announced: Set<string>;
  readonly tags: Map<string, string>;
}

export interface HubState {
  /** passwords by name */
  readonly accounts: Map<string, string>;
  /** by full name, with `library/` */
  readonly repositories: Map<string, KnownRepository>;
  readonly images: Map<string, KnownImage>;
}

/** A Hub that knows only these accounts. */
export function newHubState(accounts: Readonly<Record<string, string>>): HubState {
  return { accounts: new Map(Object.entries(accounts)), repositories: new Map(), images: new Map() };
}

/** `foo` and `library/foo` are one repository (engine behaviour 2). */
export function fullNameOf(name: string): string {
  return name.includes('/') ? name : `library/${name}`;
}

/** The repository, as `PUT /v1/repositories/R/` creates it or finds it. */
export function openRepository(state: HubState, name: string): KnownRepository {
  const fullName = fullNameOf(name);
  const known = state.repositories.get(fullName) ?? { announced: new Set<string>(), tags: new Map<string, string>() };
  state.repositories.set(fullName, known);
  return known;
}

/** The image's id and those of its ancestors, child first. */
export function ancestryOf(state: HubState, imageId: string): string[] {
  const image = state.images.get(imageId);
  if (image === undefined) throw new Error(`nobody has pushed ${imageId}`);
  const { parent } = JSON.parse(image.json.toString()) as { parent?: string };
  return parent === undefined ? [imageId] : [imageId, ...ancestryOf(state, parent)];
}
