import type { OnvifMalformation } from '../faults.js';

const LOGIN_PAGE =
  '<!DOCTYPE html><html><head><title>Login</title></head><body><form action="/login.cgi">' +
  '<input name="user"><br><input name="pwd" type="password"></form></body></html>';

/** What a faulty device sends instead of a SOAP answer; its status is that of a good one. */
export function spoilAnswer(how: OnvifMalformation, xml: string): { contentType: string; body: string } {
  switch (how) {
    case 'xml':
      return { contentType: 'application/soap+xml; charset=utf-8', body: xml.slice(0, xml.length >> 1) };
    case 'html':
      return { contentType: 'text/html', body: LOGIN_PAGE };
    case 'empty':
      return { contentType: 'application/soap+xml; charset=utf-8', body: '' };
  }
}
