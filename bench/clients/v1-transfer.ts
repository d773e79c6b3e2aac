/* The v1 client as a process, to compare with skopeo's:  v1-transfer.js push|pull URL REPOSITORY BASIC DIR */
import { readImages } from './images';
import { pullLatest, pushChain } from './v1-client';

async function main([action, url = '', repository = '', basic = '', dir = '']: readonly string[]): Promise<void> {
  const target = { url, repository, basic };
  if (action === 'push') await pushChain(target, await readImages(dir), dir);
  else await pullLatest(target, dir);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
