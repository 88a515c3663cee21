// Starts what the page at hand needs. Every page works without it.
import { start as clocks } from './clock.js';
import { start as clearing } from './clear.js';
import { start as live } from './live.js';
import { start as alarm } from './alarm.js';
import { start as keys } from './keys.js';
import { start as copy } from './copy.js';
import { start as forms } from './forms.js';

const own = (document.body.dataset.modules || '').split(' ').filter(Boolean).map(name => import(`./${name}.js`));
for (const part of [clocks, clearing, forms, keys, copy, alarm]) part();
for (const module of await Promise.all(own)) module.start?.();
live();
document.documentElement.dataset.ready = '1'; // keys and clicks are heard from here on
