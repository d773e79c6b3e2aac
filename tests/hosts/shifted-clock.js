'use strict';

/*
 * Loaded with `--require` before a server: its clock differs from that of the machine by DRYDOCK_TEST_CLOCK_MINUTES.
 * Timers are not changed; a clock that is wrong runs as fast as any other.
 */

const aheadMs = Number(process.env.DRYDOCK_TEST_CLOCK_MINUTES) * 60_000;
const RealDate = Date;

class ShiftedDate extends RealDate {
  constructor(...given) {
    if (given.length === 0) super(RealDate.now() + aheadMs);
    else super(...given);
  }

  static now() {
    return RealDate.now() + aheadMs;
  }
}

globalThis.Date = ShiftedDate;
