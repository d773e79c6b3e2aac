import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import request from 'supertest';
import { recordEvent, OPERATOR } from '../../src/features/audit/audit';
import { renewStorageReport } from '../../src/features/maintenance/storage-report';
import { describeInstalled, isInstalled } from '../helpers/installed';
import { startTestServer, type TestServer } from '../helpers/test-server';

const ROOT = path.join(__dirname, '../..');
const DEPLOY = path.join(ROOT, 'deploy');

let server: TestServer;
let text: string;
beforeAll(async () => {
  server = await startTestServer();
  await recordEvent(server.ctx.db, OPERATOR, { action: 'backup.run', subject: '' });
  await renewStorageReport(server.ctx);
  ({ text } = await request(server.url).get('/metrics').expect(200));
});
afterAll(() => server.close());

/** The names that /metrics prints. */
function printed(): string[] {
  return [...text.matchAll(/^# TYPE (\w+)/gm)].map(([, name = '']) => name);
}

/** The names of metrics in a file, without the parts of a histogram. */
function namedIn(file: string): string[] {
  const names = readFileSync(path.join(ROOT, file), 'utf8').match(/\b(drydock|process|nodejs)_[a-z]\w*[a-z]\b/g) ?? [];
  return [...new Set(names.map((name) => name.replace(/(_duration_seconds)_(bucket|count|sum)$/, '$1')))].sort();
}

it.each(['deploy/grafana-dashboard.json', 'deploy/alerts.yml', 'deploy/alerts.test.yml', 'docs/METRICS.md'])(
  'all metrics that %s names are printed',
  (file) => {
    expect(namedIn(file).length).toBeGreaterThan(5);
    const known = new Set(printed());
    expect(namedIn(file).filter((name) => !known.has(name))).toEqual([]);
  },
);

it('all of our metrics are in docs/METRICS.md and on the dashboard', () => {
  const own = printed()
    .filter((name) => name.startsWith('drydock_'))
    .sort();
  expect(namedIn('docs/METRICS.md').filter((name) => name.startsWith('drydock_'))).toEqual(own);
  expect(namedIn('deploy/grafana-dashboard.json').filter((name) => name.startsWith('drydock_'))).toEqual(own);
});

it('the dashboard has panels with a place each, and asks the data source that is chosen', () => {
  const dashboard = JSON.parse(readFileSync(path.join(DEPLOY, 'grafana-dashboard.json'), 'utf8')) as {
    panels: { id: number; gridPos: { x: number; y: number; w: number }; datasource: { uid: string } }[];
  };
  const { panels } = dashboard;
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  expect(new Set(panels.map(({ gridPos: { x, y } }) => `${x} ${y}`)).size).toBe(panels.length);
  expect(panels.filter(({ gridPos: { x, w } }) => x + w > 24)).toEqual([]);
  expect(new Set(panels.map(({ datasource }) => datasource.uid))).toEqual(new Set(['${datasource}']));
});

describeInstalled(isInstalled('promtool', '--version', 'prometheus'), 'promtool', () => {
  const promtool = (...args: string[]) => execFileSync('promtool', args, { cwd: DEPLOY, encoding: 'utf8' });

  it('accepts the rules', () => {
    expect(promtool('check', 'rules', 'alerts.yml')).toContain('SUCCESS: 11 rules found');
  });

  it('finds that each alert fires when it should, and otherwise does not', () => {
    expect(promtool('test', 'rules', 'alerts.test.yml')).toContain('SUCCESS');
    const alerts = readFileSync(path.join(DEPLOY, 'alerts.yml'), 'utf8').match(/alert: \w+/g) ?? [];
    const tests = readFileSync(path.join(DEPLOY, 'alerts.test.yml'), 'utf8');
    for (const alert of alerts)
      expect(tests.match(new RegExp(`${alert.replace('alert: ', 'alertname: ')}\\b`, 'g'))).toHaveLength(2);
  });

  it('accepts the text and the names of our metrics', () => {
    const own = text.split('\n').filter((line) => /^(# \w+ )?drydock_/.test(line)).join('\n'); // prettier-ignore
    expect(execFileSync('promtool', ['check', 'metrics'], { input: `${own}\n`, encoding: 'utf8' })).toBe('');
  });
});
