import { describeInstalled } from '../helpers/installed';
import { areHostsInstalled } from './hosts';
import { startPolicyHub, type PolicyHub } from './policy';

/** The whole sweep is `npm run test:soak -- hosts-policy`. */
const SHARE = 8;

describeInstalled(areHostsInstalled(), 'three hosts behind a proxy', () => {
  let hub: PolicyHub;
  beforeAll(async () => {
    hub = await startPolicyHub();
  });
  afterAll(() => hub.close());

  it('show, tell and let nobody change what is not theirs, whichever answers (R362)', async () => {
    const { faults, tried } = await hub.sweep(SHARE);
    expect(faults).toEqual([]);
    expect(tried).toBeGreaterThan(500);
  });
});
