import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { z } from 'zod';
import type { Context } from '../../../src/context';
import { fieldError } from '../../../src/platform/errors';
import { endpoint } from '../../../src/surfaces/api/endpoint';
import { toRoute } from '../../../src/surfaces/api/mount';

it.each([
  ['name', 'path.name'],
  ['limit', 'query.limit'],
  ['colour', 'colour'],
  ['body', 'body'],
  ['body.0.name', 'body.0.name'],
])('an error at the field %s is reported at %s', async (field, reported) => {
  const { handle } = toRoute(
    {} as Context,
    endpoint({
      method: 'get',
      path: '/things/:name/',
      tag: 'things',
      access: 'open',
      id: 'getThing',
      summary: 'Show a thing',
      params: z.object({ name: z.string() }),
      query: z.strictObject({ limit: z.string().optional() }),
      responses: { 204: { description: 'Nothing' } },
      handle: () => {
        throw fieldError('invalid', field, 'is wrong');
      },
    }),
  );
  const caller = { actor: { kind: 'anonymous' }, account: undefined, scopes: undefined, session: undefined } as never;
  const { signal } = new AbortController();
  const exchange = { req: new IncomingMessage(new Socket()), params: { name: 'x' }, query: new URLSearchParams() };
  await expect(handle({ ...exchange, caller, signal })).rejects.toMatchObject({ fields: [{ field: reported }] });
});
