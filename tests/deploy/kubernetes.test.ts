import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { PersistentVolumeClaim } from 'kubernetes-models/v1/PersistentVolumeClaim';
import { Secret } from 'kubernetes-models/v1/Secret';
import { Service } from 'kubernetes-models/v1/Service';
import { parse } from 'yaml';
import { readConfig, VARIABLES } from '../../src/config';

const FOLDER = path.join(__dirname, '../../deploy/kubernetes');
const read = (file: string): unknown => parse(readFileSync(path.join(FOLDER, file), 'utf8'));

/** The schemas that the API server holds these against. */
const MODELS = {
  'deployment.yaml': Deployment,
  'secret.yaml': Secret,
  'service.yaml': Service,
  'storage.yaml': PersistentVolumeClaim,
  'with-bucket/bucket.yaml': Secret,
  'with-bucket/deployment.yaml': Deployment,
};

it('has a model for each file', () => {
  const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.yaml'));
  expect(files.sort()).toEqual(Object.keys(MODELS));
});

it.each(Object.entries(MODELS))('%s is valid', (file, Model) => {
  expect(() => new Model(read(file) as never).validate()).not.toThrow();
});

it('refuses a field that is not of the schema', () => {
  const wrong = read('service.yaml') as { spec: { ports: object[] } };
  wrong.spec.ports.push({ port: 'http' });
  expect(() => new Service(wrong as never).validate()).toThrow('port');
});

it('names what the other files have', () => {
  const deployment = new Deployment(read('deployment.yaml') as never);
  const { template, selector } = deployment.spec ?? {};
  const [container] = template?.spec?.containers ?? [];
  const service = new Service(read('service.yaml') as never);
  const secret = new Secret(read('secret.yaml') as never);
  const claim = new PersistentVolumeClaim(read('storage.yaml') as never);
  expect(selector?.matchLabels).toEqual(template?.metadata?.labels);
  expect(service.spec?.selector).toEqual(template?.metadata?.labels);
  expect(container?.envFrom).toEqual([{ secretRef: { name: secret.metadata?.name } }]);
  expect(template?.spec?.volumes?.[0]?.persistentVolumeClaim?.claimName).toBe(claim.metadata?.name);
  expect(container?.ports?.map(({ name }) => name)).toContain(service.spec?.ports?.[0]?.targetPort);
});

it('differs with a bucket in nothing but the volume, the number of pods and the secret', () => {
  const [one, other] = ['deployment.yaml', 'with-bucket/deployment.yaml'].map((file) => {
    const { spec } = new Deployment(read(file) as never);
    const [container] = spec?.template.spec?.containers ?? [];
    const { envFrom = [], volumeMounts = [], ...rest } = container ?? {};
    const paths = volumeMounts.map(({ mountPath }) => mountPath);
    return { rest, paths, secrets: envFrom.map(({ secretRef }) => secretRef?.name), replicas: spec?.replicas };
  });
  const bucket = new Secret(read('with-bucket/bucket.yaml') as never);
  expect(other).toEqual({ ...one, secrets: ['drydock', bucket.metadata?.name], replicas: 2 });
});

it.each(['secret.yaml', 'with-bucket/bucket.yaml'])(
  '%s sets variables that Drydock knows, and that are valid',
  (file) => {
    const { stringData = {} } = new Secret(read(file) as never);
    const own = Object.keys(stringData).filter((name) => !name.startsWith('AWS_'));
    expect(own.filter((name) => !VARIABLES.includes(name))).toEqual([]);
    // A bucket cannot have this name, so that nobody forgets to change it.
    expect(() =>
      readConfig(JSON.parse(JSON.stringify(stringData).replace('s3://CHANGE-ME', 's3://mine')) as never),
    ).not.toThrow();
  },
);
