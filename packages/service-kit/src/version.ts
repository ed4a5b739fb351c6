/** Of Weir as a whole: all packages carry the same. */
import { createRequire } from 'node:module';

export const VERSION: string = (createRequire(import.meta.url)('../package.json') as { readonly version: string })
  .version;
