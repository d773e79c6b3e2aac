import type { WebRow } from '../../access';
import { repositoryRows } from '../../repository-path';
import { postBuild, postCancel, postRetry } from './acts';
import { getBadge } from './badge';
import { getBuildPage, getBuildProgress } from './build';
import { getLogText } from './log/download';
import { getLogEvents } from './log/events';
import { getDockerfile } from './dockerfile';
import { getBuilds, getBuildsProgress } from './history';

const BUILD = 'builds/:build/';

/** The pages of automated builds, for everyone who may read the repository. */
export const buildRows: readonly WebRow[] = [
  ...repositoryRows('get', 'builds/', 'anyone', getBuilds),
  ...repositoryRows('post', 'builds/', 'member-form', postBuild),
  ...repositoryRows('get', 'builds/badge.svg', 'anyone', getBadge),
  ...repositoryRows('get', 'builds/dockerfile/', 'anyone', getDockerfile),
  ...repositoryRows('get', 'builds/progress/', 'anyone', getBuildsProgress),
  ...repositoryRows('get', BUILD, 'anyone', getBuildPage),
  ...repositoryRows('get', `${BUILD}progress/`, 'anyone', getBuildProgress),
  ...repositoryRows('get', `${BUILD}events/`, 'anyone', getLogEvents),
  ...repositoryRows('get', `${BUILD}log.txt`, 'anyone', getLogText),
  ...repositoryRows('post', `${BUILD}cancel/`, 'member-form', postCancel),
  ...repositoryRows('post', `${BUILD}retry/`, 'member-form', postRetry),
];
