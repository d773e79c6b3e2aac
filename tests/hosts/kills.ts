import { setTimeout as sleep } from 'node:timers/promises';
import type { Host, Hosts } from './hosts';

const LONGEST_PAUSE_MS = 600;

/**
 * Kills one of the hosts after the other, at random, and starts each again at once; one of them at least is running at
 * any time.
 *
 * @param isOver - asked before each kill
 * @param hosts - those that are killed; undefined: all
 * @returns how many there were
 */
export async function killHosts(
  hub: Hosts,
  isOver: (kills: number) => boolean,
  hosts: readonly Host[] = hub.hosts,
): Promise<number> {
  const starting = new Map<Host, Promise<void>>();
  const restart = async (host: Host): Promise<void> => {
    await host.kill();
    await host.start();
    starting.delete(host);
  };
  let kills = 0;
  for (; !isOver(kills); kills += 1) {
    await sleep(Math.random() * LONGEST_PAUSE_MS);
    if (starting.size === hosts.length - 1) await Promise.race(starting.values());
    const running = hosts.filter((host) => !starting.has(host));
    const victim = running[Math.floor(Math.random() * running.length)];
    if (victim !== undefined) starting.set(victim, restart(victim));
  }
  await Promise.all(starting.values());
  return kills;
}
