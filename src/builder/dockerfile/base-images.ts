import { BuildFailure } from '../build-failure';
import { instructionsOf, type Instruction } from './instructions';
import { argumentsOf, expandVariables, unquote, type Variables } from './variables';

/** An image outside of the Dockerfile that it needs. */
export interface NeededImage {
  /** As it is written, with variables replaced. */
  readonly reference: string;
  /** Where it is needed first, from 1. */
  readonly line: number;
}

/** What the platform arguments of a build on this machine are. */
function platformArguments(architecture: string): [string, string][] {
  return ['TARGET', 'BUILD'].flatMap((side): [string, string][] => [
    [`${side}PLATFORM`, `linux/${architecture}`],
    [`${side}OS`, 'linux'],
    [`${side}ARCH`, architecture],
    [`${side}VARIANT`, ''],
  ]);
}

/** The value of a leading option such as `--from=`. */
function optionOf(rest: string, name: string): string[] {
  const options = /^(?:--\S+\s+)*/.exec(rest)?.[0] ?? '';
  return options
    .split(/\s+/)
    .filter((word) => word.startsWith(`--${name}=`))
    .map((word) => unquote(word.slice(name.length + 3)));
}

/** What COPY --from and RUN --mount=…,from= name: a stage, or an image. */
function sourcesOf({ name, rest }: Instruction): string[] {
  if (name === 'COPY') return optionOf(rest, 'from');
  if (name !== 'RUN') return [];
  const fields = optionOf(rest, 'mount').flatMap((mount) => mount.split(','));
  return fields.filter((field) => field.startsWith('from=')).map((field) => field.slice('from='.length));
}

/** @throws BuildFailure when FROM asks for a platform that is not the builder's */
function assertOwnPlatform({ rest, line }: Instruction, variables: Variables, architecture: string): void {
  const [asked = ''] = optionOf(rest, 'platform').map((platform) => expandVariables(platform, variables));
  if (asked === '' || asked === architecture || asked === `linux/${architecture}`) return;
  throw new BuildFailure(
    `FROM in line ${line} of the Dockerfile asks for ${JSON.stringify(asked.slice(0, 100))}: this builder builds linux/${architecture} only.`,
  );
}

const FROM = /^(?:--\S+\s+)*(?<image>\S+)(?:\s+AS\s+(?<stage>\S+))?\s*$/i;

/**
 * Finds the images that a Dockerfile needs: of FROM, COPY --from and RUN --mount, but not its own stages and `scratch`.
 *
 * @param given - build arguments, which count more than the defaults of ARG
 * @param architecture - such as `amd64`
 * @throws BuildFailure for a Dockerfile without FROM, or a FROM that cannot be read
 */
export function neededImages(
  dockerfile: string,
  given: Readonly<Record<string, string>> = {},
  architecture = 'amd64',
): NeededImage[] {
  const variables = new Map(platformArguments(architecture));
  const stages = new Set<string>();
  const needed = new Map<string, NeededImage>();
  let stage = -1;
  const need = (reference: string, line: number): void => {
    if (!needed.has(reference)) needed.set(reference, { reference, line });
  };
  for (const instruction of instructionsOf(dockerfile)) {
    const { name, rest, line } = instruction;
    if (name === 'ARG' && stage === -1) {
      for (const [variable, value] of argumentsOf(rest)) {
        const known = given[variable] ?? (value === undefined ? undefined : expandVariables(value, variables));
        if (known !== undefined) variables.set(variable, known);
      }
    } else if (name === 'FROM') {
      const { image: written = '', stage: alias } = FROM.exec(rest)?.groups ?? {};
      const image = expandVariables(unquote(written), variables);
      if (image === '') throw new BuildFailure(`FROM in line ${line} of the Dockerfile names no image.`);
      assertOwnPlatform(instruction, variables, architecture);
      if (image !== 'scratch' && !stages.has(image.toLowerCase())) need(image, line);
      stage += 1;
      stages.add(String(stage));
      if (alias !== undefined) stages.add(alias.toLowerCase());
    } else {
      for (const source of sourcesOf(instruction)) {
        const image = expandVariables(source, variables);
        if (!stages.has(image.toLowerCase())) need(image, line);
      }
    }
  }
  if (stage === -1) throw new BuildFailure('The Dockerfile has no FROM.');
  return [...needed.values()];
}
