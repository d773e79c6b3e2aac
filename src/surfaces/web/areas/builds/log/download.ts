import { readWholeLog } from '../../../../../features/builds/build-log';
import { getBuild } from '../../../../../features/builds/builds';
import { withoutColours } from '../../../../../features/builds/log-text';
import { repositoryPage } from '../../repository/repository-page';
import { buildIdIn } from '../build-parts';

/** The log of a build as a file of plain text, as far as it is written. */
export const getLogText = repositoryPage<'anyone'>(async (ctx, { params }, repository) => {
  const { id } = await getBuild(ctx, repository, buildIdIn(params));
  return {
    status: 200,
    headers: {
      'Content-Type': 'text/plain; charset=utf-8',
      'Content-Disposition': `attachment; filename="${repository.namespace}-${repository.name}-build-${id}.txt"`,
    },
    body: {
      copyTo: async (take) => {
        for await (const chunks of readWholeLog(ctx, repository, id))
          await take(Buffer.from(withoutColours(chunks.map(({ text }) => text).join(''))));
      },
      close: () => Promise.resolve(),
    },
  };
});
