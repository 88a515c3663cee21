// Starts what the page at hand needs. Every page works without it.
import { start as clocks } from './clock.js';
import { start as clearing } from './clear.js';
import { start as live } from './live.js';
import { start as alarm } from './alarm.js';
import { start as keys } from './keys.js';
import { start as copy } from './copy.js';
import { start as forms } from './forms.js';
import { start as inbox } from './inbox.js';
import { start as message } from './message.js';
import { start as take } from './take.js';
import { start as backup } from './backup.js';
import { start as answer } from './answer.js';
import { start as rings } from './rings.js';
import { start as cover } from './cover.js';

for (const part of [clocks, clearing, forms, keys, copy, alarm, inbox, message, take, backup, answer, rings, cover, live]) part();
document.documentElement.dataset.ready = '1'; // keys and clicks are heard from here on
