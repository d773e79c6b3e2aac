import { describeInstalled } from '../helpers/installed';
import { areHostsInstalled } from '../hosts/hosts';
import { startPolicyHub, type PolicyHub } from '../hosts/policy';
import { print } from './minutes';

/* Every route as every caller, through the proxy in front of three hosts. */

describeInstalled(areHostsInstalled(), 'three hosts behind a proxy', () => {
  let hub: PolicyHub;
  beforeAll(async () => {
    hub = await startPolicyHub();
  });
  afterAll(() => hub.close());

  it('show, tell and let nobody change what is not theirs, through any route', async () => {
    const startedAt = performance.now();
    const { faults, tried } = await hub.sweep(1);
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    print(`${tried} routes tried as ${hub.callers.length} callers in ${seconds} s`);
    expect(faults).toEqual([]);
  });
});
