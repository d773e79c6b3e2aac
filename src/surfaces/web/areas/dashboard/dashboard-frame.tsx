import { Heading, Tabs } from '../../components/page-parts';
import type { Children, View } from '../../view';

const TABS = [
  { href: '/dashboard/', text: 'Repositories' },
  { href: '/dashboard/activity/', text: 'Activity' },
  { href: '/dashboard/shared/', text: 'Shared with me' },
  { href: '/dashboard/starred/', text: 'Starred' },
] as const;

/** The parts that all pages of the dashboard have. */
export function DashboardFrame({
  current,
  createIn,
  children,
}: {
  readonly current: (typeof TABS)[number]['href'];
  /** the namespace to suggest for a new repository; undefined: the account's own */
  readonly createIn?: string | undefined;
  readonly children?: Children;
}): View {
  const query = createIn === undefined ? '' : `?${new URLSearchParams({ namespace: createIn }).toString()}`;
  return (
    <>
      <Heading title="Dashboard">
        <a class="button" href={`/repository/add/${query}`}>
          Create repository
        </a>
      </Heading>
      <Tabs label="Dashboard" items={TABS} current={current} />
      {children}
    </>
  );
}
