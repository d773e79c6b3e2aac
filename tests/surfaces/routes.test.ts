import path from 'node:path';
import type { Context } from '../../src/context';
import { Metrics } from '../../src/platform/metrics/metrics';
import { hookRoutes } from '../../src/surfaces/hooks/routes';
import { docsRoutes } from '../../src/surfaces/api/docs';
import { ENDPOINTS } from '../../src/surfaces/api/endpoints';
import { toRoute } from '../../src/surfaces/api/mount';
import { opsRoutes } from '../../src/surfaces/ops/routes';
import { v1Routes } from '../../src/surfaces/v1/routes';
import { v2Routes } from '../../src/surfaces/v2/routes';
import { webRoutes } from '../../src/surfaces/web/routes';
import { expectGolden } from '../helpers/golden';

const SNAPSHOT = path.join(__dirname, '..', 'routes.txt');

/** Every route in the order in which it is matched, with its access. */
function routeTable(): string {
  const ctx = {} as Context;
  const api = ENDPOINTS.map((endpoint) => toRoute(ctx, endpoint));
  const rows = [
    ...opsRoutes(ctx, new Metrics(), () => false),
    ...hookRoutes(ctx),
    ...docsRoutes,
    ...api,
    ...v1Routes(ctx),
    ...v2Routes(ctx),
    ...webRoutes(ctx),
  ];
  const lines = rows.map((row) => `${row.method.toUpperCase().padEnd(7)}${row.path.padEnd(67)} ${row.access}`);
  return `${lines.join('\n')}\n`;
}

it('tests/routes.txt has every route, and no other: a new route, or another access, is a change of that file', () => {
  expectGolden(SNAPSHOT, routeTable());
});

it('no route occurs twice except `/`, which is a page for browsers and a greeting for engines', () => {
  const doors = routeTable()
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/\S+$/, ''));
  const twice = doors.filter((door, index) => doors.indexOf(door) !== index);
  expect(twice.map((door) => door.trim())).toEqual([expect.stringMatching(/^GET +\/$/)]);
});
