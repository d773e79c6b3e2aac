import { z } from 'zod';

/*
 * What the json of an image may be for engines (bridge 9): Go refuses the whole document when one field has another type
 * than its struct. Fields that engines up to 1.5 do not know are not here.
 */

const id = z.string().regex(/^[0-9a-f]{64}$/);
const time = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/);
const words = z.array(z.string()).nullish();
const set = z.record(z.string(), z.object({})).nullish();
const text = z.string().optional();
const flag = z.boolean().optional();

const config = z
  .looseObject({
    Hostname: text,
    Domainname: text,
    User: text,
    Memory: z.number().optional(),
    AttachStdin: flag,
    AttachStdout: flag,
    AttachStderr: flag,
    PortSpecs: words,
    ExposedPorts: set,
    Tty: flag,
    OpenStdin: flag,
    StdinOnce: flag,
    Env: words,
    Cmd: words,
    Image: text,
    Volumes: set,
    WorkingDir: text,
    Entrypoint: words,
    NetworkDisabled: flag,
    OnBuild: words,
  })
  .nullish();

const image = z.looseObject({
  id,
  parent: id.optional(),
  comment: text,
  created: time.optional(),
  container: text,
  container_config: config,
  docker_version: text,
  author: text,
  config,
  architecture: text,
  os: text,
  Size: z.number().optional(),
  // v1 has no words for these.
  rootfs: z.undefined().optional(),
  history: z.undefined().optional(),
});

/**
 * Reads the json of an image as an engine does.
 *
 * @throws ZodError when an engine would refuse it
 */
export function readAsEngine(json: Buffer): z.infer<typeof image> {
  return image.parse(JSON.parse(json.toString()));
}
