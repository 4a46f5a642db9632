import { AppError } from '../../common/errors.js';
import type { Redactor } from '../../common/redaction.js';
import { isRefusedLogin, isUnknownProfile, parseSoap, type SoapAnswer } from './domain/soap.js';
import { find, type XmlElement } from './domain/xml.js';
import type { SoapLogin, SoapResponse } from './soap-http.client.js';

/** The answer's element `<name>Response`, or what is wrong with the answer. */
export type OnvifReply = { response: XmlElement; date: string | undefined } | AppError;

export interface ReplyContext {
  /** host:port, for messages. */
  where: string;
  login: SoapLogin;
  /** For what the device says: it knows no secret but this camera's. */
  ownSecrets: Redactor;
}

/** Reads the answer to `name`; what it lacks is named in the error's message. */
export function readReply(name: string, { status, xml, date }: SoapResponse, context: ReplyContext): OnvifReply {
  const answer = parseSoap(xml);
  const response = answer?.kind === 'answer' ? find(answer.body, `${name}Response`.toLowerCase()) : undefined;
  if (response) return { response, date };
  const fault = answer?.kind === 'fault' ? answer : undefined;
  if (status === 401 || status === 403 || (fault && isRefusedLogin(fault))) return refusedLogin(context);
  if (fault && isUnknownProfile(fault)) {
    return new AppError({ code: 'CAMERA.NO_SUCH_PROFILE', values: { where: context.where } });
  }
  const values = { where: context.where, fault: lackOf(name, status, answer, context) };
  return new AppError({ code: 'CAMERA.ONVIF_FAILED', values });
}

/** Whether it is the WS-Security header that the device did not like. */
export function isRefusedSignature(reply: OnvifReply, { status, xml }: SoapResponse): boolean {
  if (!(reply instanceof AppError) || status === 401) return false;
  // A header that must be understood, and is not: https://www.w3.org/TR/soap12-part1/#soapmu
  return reply.code === 'CAMERA.WRONG_PASSWORD' || xml.includes('MustUnderstand');
}

function lackOf(name: string, status: number, answer: SoapAnswer | undefined, { ownSecrets }: ReplyContext): string {
  if (!answer) return `answered, but not with ONVIF (HTTP ${status}): check the port.`;
  if (answer.kind === 'answer') {
    const lack = `left ${name}Response out of its answer to ${name} (HTTP ${status})`;
    return `${lack}: update its firmware, or give the camera an rtspUrl.`;
  }
  const said = ownSecrets.redact((answer.text || answer.codes.join(' ')).slice(0, 4_000)).replace(/\s+/g, ' ');
  return `refused ${name} (HTTP ${status}): ${said.slice(0, 150) || 'it gave no reason'}`;
}

function refusedLogin({ where, login }: ReplyContext): AppError {
  const message =
    login.username !== undefined
      ? `The device at ${where} refuses the user name or password.`
      : `The device at ${where} asks for a user name and password, and none is stored.`;
  return new AppError({ code: 'CAMERA.WRONG_PASSWORD', message });
}
