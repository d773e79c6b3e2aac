import type { ImageConfig } from '../../../../features/manifests/image-config';
import { Panel } from '../../components/page-parts';
import { Ago } from '../../components/quantities';
import type { View } from '../../view';
import { Fact } from './manifest-facts';
import { shortenAll } from './short-text';

/* Texts of other users may be long; the page may not. */
const LIST_BYTES = 8_000;

/** Names with a text each, such as labels. */
export function Pairs({ pairs }: { readonly pairs: readonly (readonly [name: string, value: string])[] }): View {
  const names = shortenAll(
    pairs.map(([name]) => name),
    LIST_BYTES,
  );
  const values = shortenAll(
    pairs.map(([, value]) => value),
    LIST_BYTES,
  );
  return (
    <ul class="lines">
      {names.map((name, at) => (
        <li>
          <code>
            {name}={values[at]}
          </code>
        </li>
      ))}
    </ul>
  );
}

function Lines({ term, lines }: { readonly term: string; readonly lines: readonly string[] }): View {
  if (lines.length === 0) return <></>;
  return (
    <Fact term={term}>
      <ul class="lines">
        {shortenAll(lines, LIST_BYTES).map((line) => (
          <li>
            <code>{line}</code>
          </li>
        ))}
      </ul>
    </Fact>
  );
}

/** The exec form, as in a Dockerfile. */
function Words({ term, words }: { readonly term: string; readonly words: readonly string[] }): View {
  return <Lines term={term} lines={words.length === 0 ? [] : [JSON.stringify(words)]} />;
}

function Text({ term, text }: { readonly term: string; readonly text: string | undefined }): View {
  return <Lines term={term} lines={text === undefined ? [] : [text]} />;
}

/** What a container of an image starts with. */
export function ConfigPanel({ image }: { readonly image: ImageConfig }): View {
  const { createdAt, author, entrypoint, command, env, ports, volumes, workingDir, user, labels } = image;
  return (
    <Panel title="Configuration">
      <dl class="pairs">
        <Words term="Entrypoint" words={entrypoint} />
        <Words term="Command" words={command} />
        <Text term="Working directory" text={workingDir} />
        <Text term="User" text={user} />
        <Lines term="Exposed ports" lines={ports} />
        <Lines term="Volumes" lines={volumes} />
        <Lines term="Environment" lines={env} />
        {labels.length > 0 && (
          <Fact term="Labels">
            <Pairs pairs={labels} />
          </Fact>
        )}
        <Text term="Author" text={author} />
        <Fact term="Created">
          {createdAt === undefined ? <span class="fine">unknown</span> : <Ago at={createdAt} />}
        </Fact>
      </dl>
    </Panel>
  );
}
