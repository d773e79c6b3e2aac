import { startTestServer, type TestServer } from './test-server';

/*
 * How a test file starts what it tests, if the same tests also run on several hosts: `tests/hosts` imports the file, and
 * says there how to start.
 */

type Start = () => Promise<TestServer>;

let start: Start = startTestServer;

/** Starts a server, or what was said instead. */
export function startServed(): Promise<TestServer> {
  return start();
}

/** Has the tests of this file use something else. */
export function serveBy(other: Start): void {
  start = other;
}
