import type { WebHandler } from '../../access';
import { ownPath, pageBefore } from '../../own-path';
import { redirect } from '../../reply';
import { themeCookie, themeNamed } from '../../theme';

/** Keeps the theme in this browser, and goes back to the page of the form. */
export const postTheme: WebHandler<'link-form'> = (_ctx, { req, caller }) => {
  const { form, origin } = caller;
  const cookies = [themeCookie(themeNamed(form.text('theme')), origin.startsWith('https:'))];
  return redirect(caller, ownPath(form.optional('next') ?? pageBefore(req, origin), '/'), { cookies });
};
