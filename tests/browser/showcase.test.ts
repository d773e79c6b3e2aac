import { actingOn } from '../helpers/showcase/act';
import { startShowcase } from '../helpers/showcase';

it('the showcase has everything that pages show', async () => {
  const server = await startShowcase();
  const act = actingOn(server);
  const shop = 'repositories/alice/shop/';
  expect(await act('alice', 'GET', shop)).toMatchObject({ star_count: 2, comment_count: 4, tag_count: 5 });
  await server.close();
});
