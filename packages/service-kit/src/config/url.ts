/** URLs of servers, which may hold a password. */

export function isUrlOf(text: string, schemes: readonly string[]): boolean {
  if (/\s/.test(text)) return false;
  const url = URL.parse(text);
  return url !== null && schemes.includes(url.protocol.slice(0, -1)) && url.hostname !== '';
}

/** Also of a text that is no URL: up to its last @ only a user name is shown, and no password of a query. */
export function withoutPassword(text: string): string {
  const at = text.lastIndexOf('@');
  const [, scheme = '', user = ''] = /^([a-z][a-z0-9+.-]*:\/\/)?([^:]*)/i.exec(at < 0 ? '' : text.slice(0, at)) ?? [];
  // Without a scheme there is no telling which part is the password.
  const start = at < 0 ? '' : scheme === '' ? '***@' : `${scheme}${user}:***@`;
  return start + text.slice(at + 1).replace(/([?&][^=&]*(?:pass|secret|token)[^=&]*=)[^&]*/gi, '$1***');
}
