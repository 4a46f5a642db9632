export const TIMES_FILE: string;
