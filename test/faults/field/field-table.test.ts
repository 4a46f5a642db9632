import { FORM_CASES } from './cases/forms.js';
import { PACE_CASES } from './cases/pace.js';
import { SOUND_CASES } from './cases/sound.js';
import { fieldTable } from './support/run-table.js';

fieldTable('cameras of the field, each beside FFmpeg alone', [...SOUND_CASES, ...PACE_CASES, ...FORM_CASES]);
