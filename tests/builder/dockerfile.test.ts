import { neededImages } from '../../src/builder/dockerfile/base-images';
import { fullName, imageReference } from '../../src/builder/dockerfile/image-reference';
import { instructionsOf } from '../../src/builder/dockerfile/instructions';

function needed(lines: readonly string[], given?: Record<string, string>): string[] {
  return neededImages(lines.join('\n'), given).map(({ reference, line }) => `${line} ${reference}`);
}

describe('the images that a Dockerfile needs', () => {
  it('is the image of FROM, with its line', () => {
    expect(needed(['# a comment', '', 'from   debian:12', 'RUN true'])).toEqual(['3 debian:12']);
    expect(needed(['FROM --platform=$BUILDPLATFORM alice/app@sha256:aa'])).toEqual(['1 alice/app@sha256:aa']);
    expect(needed(['FROM "debian"', "FROM 'alpine' AS x"])).toEqual(['1 debian', '2 alpine']);
    expect(needed(['\uFEFFFROM debian\r', 'RUN true\r'])).toEqual(['1 debian']);
  });

  it('is not scratch, and not an earlier stage by its name or number', () => {
    const lines = [
      'FROM golang AS Build',
      'FROM scratch',
      'COPY --from=build /a /',
      'COPY --chown=1 --from=0 /b /',
      'FROM BUILD',
    ];
    expect(needed(lines)).toEqual(['1 golang']);
    expect(needed(['FROM later', 'FROM scratch AS later'])).toEqual(['1 later']);
  });

  it('is what COPY --from and RUN --mount name, but only as options', () => {
    const lines = [
      'FROM scratch',
      'COPY --from=alice/files:1 /a /',
      'RUN --mount=type=bind,from=bob/cache,target=/c --network=none make',
      'RUN make --mount=type=bind,from=carol/not',
      'COPY a --from=carol/not',
    ];
    expect(needed(lines)).toEqual(['2 alice/files:1', '3 bob/cache']);
  });

  it('replaces variables of ARG before FROM, of build arguments and of the platform', () => {
    expect(needed(['ARG V=12 NAME="debian"', 'FROM ${NAME}:$V'])).toEqual(['2 debian:12']);
    expect(needed(['ARG V=12', 'FROM debian:${V}'], { V: '13', OTHER: 'x' })).toEqual(['2 debian:13']);
    expect(needed(['ARG V', 'FROM debian:${V:-11}${V:+-slim}'])).toEqual(['2 debian:11']);
    expect(needed(['ARG A=1', 'ARG B=$A.2', 'FROM x:$B', 'ARG C=3', 'FROM y:${C-none}'])).toEqual([
      '3 x:1.2',
      '5 y:none',
    ]);
    expect(needed(['FROM x:$TARGETARCH'])).toEqual(['1 x:amd64']);
  });

  it('joins continued lines, with comments between them, and knows the escape directive', () => {
    expect(needed(['FROM \\', '  # which', '', '  debian:\\', '12 AS x', 'RUN true'])).toEqual(['1 debian:12']);
    expect(needed(['# escape=`', 'FROM `', 'debian', 'RUN c:\\', 'FROM other'])).toEqual(['2 debian', '5 other']);
    expect(needed(['RUN \\'.replace('RUN', 'FROM x'), ''])).toEqual(['1 x']);
  });

  it('does not look into documents of RUN and COPY', () => {
    const lines = [
      'FROM a',
      'RUN <<EOF cat',
      'FROM b',
      'EOF',
      "COPY <<-'X' <<Y /",
      'FROM c',
      '\tX',
      'FROM d',
      'Y',
      'FROM e',
    ];
    expect(needed(lines)).toEqual(['1 a', '10 e']);
    expect(instructionsOf(lines.join('\n')).map(({ name, line }) => `${line} ${name}`)).toEqual([
      '1 FROM',
      '2 RUN',
      '5 COPY',
      '10 FROM',
    ]);
  });

  it('refuses another platform than that of the builder', () => {
    for (const own of ['linux/amd64', '$TARGETPLATFORM', '${BUILDPLATFORM}', 'linux/$TARGETARCH'])
      expect(needed([`FROM --platform=${own} debian`])).toEqual(['1 debian']);
    expect(() => needed(['', 'FROM --platform=linux/arm64 debian'])).toThrow(
      'FROM in line 2 of the Dockerfile asks for "linux/arm64": this builder builds linux/amd64 only.',
    );
  });

  it('refuses a Dockerfile without FROM, or with one that names nothing', () => {
    expect(() => needed(['RUN true'])).toThrow('The Dockerfile has no FROM.');
    expect(() => needed(['FROM $NOTHING'])).toThrow('FROM in line 1 of the Dockerfile names no image.');
    expect(() => needed(['FROM a b c'])).toThrow('FROM in line 1 of the Dockerfile names no image.');
  });
});

describe('where an image of a Dockerfile is', () => {
  const registries = { own: ['hub.example', 'hub.example:5000'], allowed: ['quay.io'] };
  const find = (reference: string) => imageReference({ reference, line: 7 }, registries);
  const digest = `sha256:${'a'.repeat(64)}`;

  it.each([
    ['debian', 'hub.example/library/debian:latest'],
    ['alice/app:1.0', 'hub.example/alice/app:1.0'],
    ['hub.example:5000/alice/app', 'hub.example/alice/app:latest'],
    ['hub.example/debian', 'hub.example/library/debian:latest'],
    [`alice/app:1.0@${digest}`, `hub.example/alice/app@${digest}`],
    ['quay.io/a/b/c:2', 'quay.io/a/b/c:2'],
  ])('%s is %s', (reference, expected) => expect(fullName(find(reference), 'hub.example')).toBe(expected));

  it.each(['docker.io/library/debian', 'localhost:5000/a/b', '127.0.0.1:5000/x', '[::1]:5000/x', 'evil.example/x'])(
    '%s is in another registry, and refused (R316)',
    (reference) => expect(() => find(reference)).toThrow('in line 7 of the Dockerfile is in another registry'),
  );

  it.each([
    'oci:/etc',
    'docker-archive:/build/source/x.tar',
    'dir:/build/bases/0',
    '../../etc',
    '/etc/passwd',
    '-o',
    'Alice/App',
    'a b',
    '$X',
    'debian:',
    'debian@sha256:12',
    `debian@${digest}@x`,
    'http://hub.example/x',
  ])('%s is not the name of an image, and refused (R316)', (reference) =>
    expect(() => find(reference)).toThrow(/is not the name of an image|another registry/),
  );
});
