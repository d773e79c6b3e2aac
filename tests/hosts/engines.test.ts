import { describeInstalled } from '../helpers/installed';
import { startCommand } from '../helpers/run-command';
import { serveBy } from '../helpers/serving';
import { startServedHosts } from './as-server';
import { areHostsInstalled, startHosts } from './hosts';

import '../protocol/replay.test';

/* Every recorded session of an engine, and those of the doctor, through the proxy in front of three hosts. */

if (areHostsInstalled()) serveBy(startServedHosts);

describeInstalled(areHostsInstalled(), 'the doctor in front of three hosts', () => {
  it('finds nothing', async () => {
    const hub = await startHosts();
    const { code, stdout } = await startCommand(['doctor', hub.url], {}).ended;
    await hub.close();
    expect([code, stdout]).toEqual([0, expect.stringContaining('All engines passed.')]);
  });
});
