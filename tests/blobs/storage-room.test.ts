import { StorageRoom, type StorageLimits } from '../../src/blobs/storage-room';

const MEGABYTE = 2 ** 20;
const OVER_LIMIT = 'The storage is full: the layers have reached the limit of this server';
const DISK_FULL = 'The storage is full: the disk has no room for more layers';

/** A room with figures that the test sets. */
function roomOf(limits: Partial<StorageLimits>) {
  const gauge = { used: 0, free: 100 * MEGABYTE, asked: 0 };
  const room = new StorageRoom(
    { limitBytes: undefined, reserveBytes: 0, ...limits },
    {
      usedBytes: () => {
        gauge.asked += 1;
        return Promise.resolve(gauge.used);
      },
      freeBytes: () => Promise.resolve(gauge.free),
    },
  );
  return { gauge, room };
}

/** Chunks of a MiB that count how many were requested. */
function layer(megabytes: number, meanwhile: (sent: number) => void = () => undefined) {
  const sent = { megabytes: 0 };
  async function* bytes(): AsyncGenerator<Buffer> {
    for (let index = 0; index < megabytes; index += 1) {
      sent.megabytes += 1;
      meanwhile(sent.megabytes);
      yield await Promise.resolve(Buffer.alloc(MEGABYTE));
    }
  }
  return { bytes: bytes(), sent };
}

/** Stores this many MiB of a layer. */
async function store(room: StorageRoom, megabytes: number): Promise<void> {
  await room.hold(layer(0).bytes, () => Promise.resolve(megabytes * MEGABYTE));
}

async function take(room: StorageRoom, bytes: AsyncIterable<Buffer>): Promise<number> {
  let total = 0;
  await room.hold(bytes, async (admitted) => {
    for await (const chunk of admitted) total += chunk.length;
    return 0;
  });
  return total / MEGABYTE;
}

describe('a storage limit', () => {
  it('knows when it is far away, from a total that is some seconds old and what came since', async () => {
    const { gauge, room } = roomOf({ limitBytes: 100 * MEGABYTE });
    const isFar = (megabytes: number) => room.holdArrived(megabytes * MEGABYTE, (far) => Promise.resolve(far));
    gauge.used = 10 * MEGABYTE;
    expect(await isFar(0)).toBe(true);
    await store(room, 20);
    expect(await isFar(21)).toBe(false); // and it counts from now on
    gauge.used = 0;
    expect(gauge.asked).toBe(1);
    expect(await isFar(0)).toBe(false);
  });

  it('counts what is being recorded at the same time', async () => {
    const { room } = roomOf({ limitBytes: 100 * MEGABYTE });
    const both = [30, 30].map((megabytes) => room.holdArrived(megabytes * MEGABYTE, (far) => Promise.resolve(far)));
    expect(await Promise.all(both)).toEqual([true, false]);
  });

  it('admits what fits, to the last byte, and nothing more', async () => {
    const { room } = roomOf({ limitBytes: 5 * MEGABYTE });
    expect(await take(room, layer(3).bytes)).toBe(3);
    await store(room, 3);
    expect(await take(room, layer(2).bytes)).toBe(2);
    await store(room, 2);
    const refused = layer(1);
    await expect(take(room, refused.bytes)).rejects.toMatchObject({ code: 'storage_full', message: OVER_LIMIT });
    expect(refused.sent.megabytes).toBe(0);
  });

  it('ends an upload that crosses it, and no longer counts its bytes', async () => {
    const { room } = roomOf({ limitBytes: 5 * MEGABYTE });
    const crossing = layer(100);
    await expect(take(room, crossing.bytes)).rejects.toMatchObject({ code: 'storage_full', message: OVER_LIMIT });
    expect(crossing.sent.megabytes).toBe(6);
    expect(await take(room, layer(5).bytes)).toBe(5);
  });

  it('counts simultaneous uploads together (R63)', async () => {
    const { room } = roomOf({ limitBytes: 5 * MEGABYTE });
    const both = await Promise.allSettled([take(room, layer(3).bytes), take(room, layer(3).bytes)]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('reads the total of all processes once for many simultaneous uploads', async () => {
    const { room, gauge } = roomOf({ limitBytes: 5 * MEGABYTE });
    gauge.used = 4 * MEGABYTE;
    await Promise.allSettled([take(room, layer(1).bytes), take(room, layer(1).bytes), take(room, layer(1).bytes)]);
    expect(gauge.asked).toBe(1);
    expect(await take(room, layer(1).bytes)).toBe(1);
    await expect(take(room, layer(2).bytes)).rejects.toThrow(OVER_LIMIT);
  });

  it('fails uploads while the total cannot be read, and reads it again for the next one', async () => {
    const failing = { usedBytes: () => Promise.reject(new Error('no answer')), freeBytes: () => Promise.resolve(0) };
    const room = new StorageRoom({ limitBytes: MEGABYTE, reserveBytes: 0 }, failing);
    await expect(take(room, layer(1).bytes)).rejects.toThrow('no answer');
    await expect(take(room, layer(1).bytes)).rejects.toThrow('no answer');
  });
});

describe('a storage reserve', () => {
  it('refuses an upload before its first byte when no more than the reserve is free', async () => {
    const { room, gauge } = roomOf({ reserveBytes: 10 * MEGABYTE });
    gauge.free = 10 * MEGABYTE;
    const refused = layer(1);
    await expect(take(room, refused.bytes)).rejects.toMatchObject({ code: 'storage_full', message: DISK_FULL });
    expect(refused.sent.megabytes).toBe(0);
    gauge.free = 10 * MEGABYTE + 1;
    expect(await take(room, layer(1).bytes)).toBe(1);
  });

  it('ends an upload during which the disk fills up (R62)', async () => {
    const { room, gauge } = roomOf({ reserveBytes: 10 * MEGABYTE });
    const filling = layer(1000, (sent) => (gauge.free = (20 - sent) * MEGABYTE));
    await expect(take(room, filling.bytes)).rejects.toMatchObject({ code: 'storage_full', message: DISK_FULL });
    expect(filling.sent.megabytes).toBeLessThan(20);
  });

  it('is ignored when it is zero, or when the free space is unknown', async () => {
    const { room, gauge } = roomOf({});
    gauge.free = 0;
    expect(await take(room, layer(1).bytes)).toBe(1);
    const unknown = { usedBytes: () => Promise.resolve(0), freeBytes: () => Promise.resolve(undefined) };
    expect(await take(new StorageRoom({ limitBytes: undefined, reserveBytes: 1 }, unknown), layer(1).bytes)).toBe(1);
  });
});

describe('a storage room is full', () => {
  it('when no more than the reserve is free, or nothing at all', async () => {
    const { gauge, room } = roomOf({ reserveBytes: 10 * MEGABYTE });
    expect(await room.isFull()).toBe(false);
    gauge.free = 10 * MEGABYTE;
    expect(await room.isFull()).toBe(true);
    const { gauge: other, room: unreserved } = roomOf({});
    other.free = 0;
    expect(await unreserved.isFull()).toBe(true);
  });

  it('when the layers have reached the limit', async () => {
    const { gauge, room } = roomOf({ limitBytes: 5 * MEGABYTE });
    gauge.used = 4 * MEGABYTE;
    expect(await room.isFull()).toBe(false);
    await store(room, 1);
    expect(await room.isFull()).toBe(true);
  });
});
