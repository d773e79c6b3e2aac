import { onBuildFiles, type BuildUser } from './enclosure';
import { runAs } from './programs';

/**
 * The bytes on the disk below a folder of a build; files may come and go while they are counted, of which `du` complains.
 *
 * @param ending - ends counting: 0
 */
export async function diskUse(folder: string, user: BuildUser | undefined, ending?: AbortSignal): Promise<number> {
  const { text } = await runAs(user, onBuildFiles(['du', '-sk', '--one-file-system', folder]), ending);
  return Number(/^(\d+)\t/m.exec(text)?.[1] ?? 0) * 1024;
}
