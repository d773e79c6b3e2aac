/** Why a build cannot succeed, in one sentence that its owner reads in the history. */
export class BuildFailure extends Error {
  override readonly name = 'BuildFailure';
}
