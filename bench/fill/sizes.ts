/** How large a data set is. */
export interface Sizes {
  readonly users: number;
  readonly repositories: number;
  /** of all repositories together; an image that two repositories have counts twice */
  readonly images: number;
}

/** What large sets are compared with. It has only probes. */
export const FEW: Sizes = { users: 100, repositories: 100, images: 1000 };

const QUICK: Sizes = { users: 500, repositories: 5000, images: 25_000 };

/** The data sets that `--scale` names. */
export const SCALES: Readonly<Record<string, Sizes>> = {
  medium: { users: 10_000, repositories: 100_000, images: 500_000 },
  large: { users: 100_000, repositories: 1_000_000, images: 5_000_000 },
};

/** The data set of a run. */
export function sizesOf({ isQuick, scale }: { isQuick: boolean; scale: string }): Sizes {
  return isQuick ? QUICK : (SCALES[scale] ?? QUICK);
}

/** How many repositories of the same shape every data set has, spread over all of it. */
export const PROBES = 100;
/** in one chain, whose last image has the tags `latest` and `v1`, and a manifest */
export const IMAGES_OF_PROBE = 10;
