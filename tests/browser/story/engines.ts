import { basic } from '../../helpers/test-server';
import { readTrace, type Trace } from '../../protocol/parse-trace';
import { Replay } from '../../protocol/replay';
import { retold } from '../../protocol/retold';
import { newHubState } from '../../protocol/hub-state';
import type { Stage } from './stage';

const PUSH = readTrace('1.5.0', '05-push-2tags.txt');
const PULL = readTrace('1.5.0', '10-pull-one-tag.txt');
const PULL_NOTHING = readTrace('1.5.0', '14-pull-missing-repo.txt');

/** A docker 1.5.0, logged in with a name and a password or token. */
export class Engine {
  constructor(
    private readonly stage: Stage,
    private readonly username: string,
    private readonly password: string,
  ) {}

  private async tell(trace: Trace, repository: string, hub = this.stage.hub): Promise<void> {
    const replay = new Replay(this.stage.server, hub);
    await replay.run(retold(trace, { authorization: basic(this.username, this.password), repository }));
    replay.close();
  }

  /** Pushes two tags, `one` and `two`. */
  push(repository: string): Promise<void> {
    return this.tell(PUSH, repository);
  }

  /** Pulls the tag `one`. */
  pull(repository: string): Promise<void> {
    return this.tell(PULL, repository);
  }

  /** Tries to pull, and finds nothing. */
  findsNothing(repository: string): Promise<void> {
    return this.tell(PULL_NOTHING, repository, newHubState({ [this.username]: this.password }));
  }

  /** Sets a tag; resolves to the status. */
  async setTag(repository: string, tag: string, imageId: string): Promise<number> {
    const answer = await fetch(`${this.stage.server.url}/v1/repositories/${repository}/tags/${tag}`, {
      method: 'PUT',
      headers: { Authorization: basic(this.username, this.password), 'Content-Type': 'application/json' },
      body: JSON.stringify(imageId),
    });
    return answer.status;
  }
}
