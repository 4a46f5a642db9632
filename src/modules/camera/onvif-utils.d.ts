/** The package types its main entry only. */
declare module 'onvif/lib/utils.js' {
  interface OnvifUtils {
    parseSOAPString(
      xml: string,
      callback: (error: Error | null, data: unknown, xml: string, status: number) => void,
      status: number,
    ): void;
  }
  const utils: OnvifUtils;
  export default utils;
}
