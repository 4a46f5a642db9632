/** End of the path that a camera answers whose stream URIs have a blank, and how a client should send it. */
export const BLANK_PATH = '/Profile 1';
export const BLANK_PATH_ENCODED = /\/Profile%201(?=\/|$)/;
