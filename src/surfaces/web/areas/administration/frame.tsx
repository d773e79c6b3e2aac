import { Heading, Sidebar } from '../../components/page-parts';
import type { Children, View } from '../../view';

const PAGES = [
  { href: '/admin/', text: 'Overview' },
  { href: '/admin/users/', text: 'Users' },
  { href: '/admin/plans/', text: 'Plans' },
  { href: '/admin/storage/', text: 'Storage' },
  { href: '/admin/audit/', text: 'Audit log' },
  { href: '/admin/jobs/', text: 'Jobs' },
  { href: '/admin/comments/', text: 'Flagged comments' },
  { href: '/admin/health/', text: 'Health' },
] as const;

/** The path of a page of the administration. */
export type AdministrationPage = (typeof PAGES)[number]['href'];

/** The parts that all pages of the administration have. */
export function AdministrationFrame({
  title,
  subtitle,
  current,
  children,
}: {
  readonly title: string;
  readonly subtitle?: Children;
  readonly current: AdministrationPage;
  readonly children?: Children;
}): View {
  return (
    <Sidebar label="Administration" items={PAGES} current={current}>
      <Heading title={title} {...(subtitle === undefined ? {} : { subtitle })} />
      {children}
    </Sidebar>
  );
}
