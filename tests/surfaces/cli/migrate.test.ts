import { readdirSync } from 'node:fs';
import path from 'node:path';
import { createCommandPlace, success } from '../../helpers/command-place';

const MIGRATIONS = readdirSync(path.join(__dirname, '../../../migrations'))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => path.parse(file).name)
  .sort();

it('brings an empty database up to date, reports what it applied, and applies it once', async () => {
  const place = await createCommandPlace('template1');
  try {
    expect(MIGRATIONS[0]).toBe('20261124090000_first_tables');
    await expect(place.run('migrate')).resolves.toEqual(
      success(MIGRATIONS.map((name) => `applied ${name}\n`).join('')),
    );
    const tables = await place.database.db('information_schema.tables').where({ table_name: 'repositories' });
    expect(tables).toHaveLength(1);
    await expect(place.run('migrate')).resolves.toEqual(success('The schema is up to date.\n'));
  } finally {
    await place.close();
  }
});

it('lists the applied migrations as JSON', async () => {
  const place = await createCommandPlace('template1');
  try {
    const first = await place.run('migrate', '--json');
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(first.stdout)).toEqual(MIGRATIONS);
    await expect(place.run('migrate', '--json')).resolves.toEqual(success('[]\n'));
  } finally {
    await place.close();
  }
});
