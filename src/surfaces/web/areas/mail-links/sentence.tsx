import type { Reply } from '../../../../platform/http/exchange';
import { Heading, Panel } from '../../components/page-parts';
import { page } from '../../reply';
import type { Children } from '../../view';
import type { Visitor } from '../../visitor';

/** A narrow page with a box, such as one form or one sentence. */
export function boxPage(visitor: Visitor, title: string, content: Children, status = 200): Reply {
  return page(
    visitor,
    { title, isNarrow: true, status },
    <>
      <Heading title={title} />
      <Panel>{content}</Panel>
    </>,
  );
}

/** A page of one sentence, with a link to the login for visitors who are not logged in. */
export function sentencePage(visitor: Visitor, title: string, text: string): Reply {
  const isLoggedIn = visitor.login !== undefined;
  return boxPage(
    visitor,
    title,
    <>
      <p>{text}</p>
      <p>{isLoggedIn ? <a href="/dashboard/">Dashboard</a> : <a href="/account/login/">Sign in</a>}</p>
    </>,
  );
}
