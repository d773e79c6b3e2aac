import { ENDPOINTS } from '../../../src/surfaces/api/endpoints';
import { Examples } from '../../../src/surfaces/api/examples';
import { DOCUMENT, OPERATIONS } from '../../helpers/operations';

interface Described {
  readonly operationId: string;
  readonly description: string;
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly example?: unknown }>> };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly example?: unknown }>> }>
  >;
}

const described = new Map(
  OPERATIONS.map(({ value }) => [value['operationId'] as string, value as unknown as Described]),
);

function exampleIn(content: Described['requestBody'] | undefined): unknown {
  return Object.values(content?.content ?? {})[0]?.example;
}

describe('each operation', () => {
  it('has a name of its own, in the form of a function', () => {
    expect(described.size).toBe(OPERATIONS.length);
    expect([...described.keys()].filter((id) => !/^[a-z]+[A-Z][A-Za-z0-9]+$/.test(id))).toEqual([]);
  });

  it('has a description, and a group with one', () => {
    expect([...described.values()].filter(({ description }) => description.length < 10)).toEqual([]);
    expect(DOCUMENT.tags.filter(({ name, description }) => name === description)).toEqual([]);
  });

  it.each(ENDPOINTS.map((endpoint) => ({ id: endpoint.id, endpoint })))(
    '$id has examples that it would take and give',
    ({ id, endpoint }) => {
      const { requestBody, responses } = described.get(id)!;
      if (endpoint.body !== undefined) expect(endpoint.body.safeParse(exampleIn(requestBody)).error).toBeUndefined();
      for (const [status, { body }] of Object.entries(endpoint.responses)) {
        const { content } = responses[status]!;
        if (body !== undefined) expect(body.safeParse(exampleIn({ content: content! })).error).toBeUndefined();
      }
    },
  );
});

describe('an example', () => {
  const examples = new Examples({ Named: { type: 'object', properties: { tag: { type: 'string' } } } });

  it.each([
    [{ $ref: '#/components/schemas/Named' }, { tag: 'latest' }],
    [{ anyOf: [{ type: 'null' }, { type: 'integer', minimum: 7 }] }, 7],
    [{ type: ['null', 'boolean'] }, false],
    [{ type: 'array', items: { enum: ['b', 'a'] } }, ['b']],
    [{ type: 'object', additionalProperties: { const: 3 } }, { name: 3 }],
    [{ type: 'string', format: 'date-time' }, '2015-02-10T18:00:00Z'],
    [{}, null],
  ])('of %j is %j', (schema, value) => {
    expect(examples.of(schema)).toEqual(value);
  });
});
