/* The docker tag of a rule: `{ref}` is the name of the branch or tag, `{sha}` the short hash of the commit. */

const TAG = /^\w[\w.-]{0,127}$/;
const LONGEST = 128;
/** so many characters of the hash of a commit */
const HASH = 7;

function withHash(tag: string, hash: string): string {
  return tag.replaceAll('{sha}', hash);
}

/** Whether each ref gives a tag that a repository can have. */
export function isTagTemplate(template: string): boolean {
  return template.length <= LONGEST && TAG.test(template.replaceAll(/\{(?:ref|sha)\}/g, 'x'));
}

/** A name as a tag can have it: `feature/a b` is `feature-a-b`. */
function asTag(name: string): string {
  return name.replaceAll(/[^\w.-]+/g, '-');
}

/** The tag for a ref, in which `{sha}` stays until the commit is known. A long name is cut. */
export function tagForRef(template: string, refName: string): string {
  const [first = '', ...others] = template.split('{ref}');
  const room = LONGEST - withHash([first, ...others].join(''), 'x'.repeat(HASH)).length;
  const name = asTag(refName).slice(0, Math.floor(room / Math.max(others.length, 1)));
  return [first, ...others].join(name).replace(/^[.-]+/, '');
}

/** The tag for a commit. */
export function tagForCommit(tag: string, hash: string): string {
  return withHash(tag, hash.slice(0, HASH)) || 'latest';
}
