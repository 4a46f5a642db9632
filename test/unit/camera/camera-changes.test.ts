import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { AppConfig } from '../../../src/config/app-config.js';
import { applyChanges, newCamera } from '../../../src/modules/camera/camera-changes.js';
import { CameraSecrets } from '../../../src/modules/camera/camera-secrets.js';
import { CredentialCipher } from '../../../src/modules/camera/credential.cipher.js';
import type { CreateCameraDto, UpdateCameraDto } from '../../../src/modules/camera/dto/camera-input.dto.js';

const secretsWith = (credentialsKey: Buffer) =>
  new CameraSecrets(new CredentialCipher({ credentialsKey } as AppConfig));
const secrets = secretsWith(randomBytes(32));
const id = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff';

function created(input: Partial<CreateCameraDto>) {
  const camera = newCamera(id);
  applyChanges(camera, { name: 'Front door', ...input }, secrets);
  return camera;
}

function changed(input: Partial<CreateCameraDto>, change: UpdateCameraDto) {
  const camera = created(input);
  applyChanges(camera, change, secrets);
  return camera;
}

const onvif = { host: '192.168.1.10', port: 80, username: 'admin', password: 'onvif-secret' };

describe('applyChanges', () => {
  it('takes credentials out of the stream address and seals them', () => {
    const camera = created({ rtspUrl: 'rtsp://me:p%40ss@192.168.1.10/a' });
    expect(camera).toMatchObject({ rtspUrl: 'rtsp://192.168.1.10/a', rtspUsername: 'me' });
    expect(camera.rtspPasswordSealed).toMatch(/^v1\./);
    expect(secrets.openStreamCredentials(camera)).toEqual({ username: 'me', password: 'p@ss' });
  });

  it('lets credentials beside the address win over those inside', () => {
    const camera = created({ rtspUrl: 'rtsp://me:inside@192.168.1.10/a', username: 'you', password: 'beside' });
    expect(secrets.openStreamCredentials(camera)).toEqual({ username: 'you', password: 'beside' });
  });

  it('tells an empty password from none', () => {
    const rtspUrl = 'rtsp://192.168.1.10/a';
    const empty = { username: 'admin', password: '' };
    expect(secrets.openStreamCredentials(created({ rtspUrl, ...empty }))).toEqual(empty);
    expect(secrets.openStreamCredentials(created({ rtspUrl: 'rtsp://admin:@192.168.1.10/a' }))).toEqual(empty);
    const none = created({ rtspUrl: 'rtsp://admin@192.168.1.10/a' });
    expect([none.rtspUsername, none.rtspPasswordSealed]).toEqual(['admin', null]);
    expect(secrets.openOnvifCredentials(created({ onvif: { ...onvif, password: '' } }))).toEqual(empty);
    const before = { rtspUrl, ...empty };
    expect(changed(before, { password: null })).toMatchObject({ rtspUsername: 'admin', rtspPasswordSealed: null });
    expect(secrets.openStreamCredentials(changed(before, { name: 'x' }))).toEqual(empty);
    const full = { rtspUrl, username: 'admin', password: 'long-secret' };
    expect(secrets.openStreamCredentials(changed(full, { password: '' }))).toEqual(empty);
    expect(secrets.openStreamCredentials(changed(full, { rtspUrl: 'rtsp://admin:@192.168.1.10/b' }))).toEqual(empty);
  });

  it('seals an address that carries a password in its path', () => {
    const url = 'rtsp://192.168.1.10/user=admin&password=tlJwpbo6&channel=1';
    const camera = created({ rtspUrl: url });
    expect(camera.rtspUrl).not.toContain('tlJwpbo6');
    expect(secrets.openUrl(camera, camera.rtspUrl ?? '')).toBe(url);
    expect(() => created({ rtspUrl: `${url}${'a'.repeat(800)}` })).toThrow(/too long/);
  });

  it('uses the ONVIF credentials for the stream unless there are others', () => {
    expect(secrets.openStreamCredentials(created({ onvif }))).toEqual({ username: 'admin', password: 'onvif-secret' });
    const both = created({ onvif, username: 'viewer', password: 'rtsp-secret' });
    expect(secrets.openOnvifCredentials(both)).toEqual({ username: 'admin', password: 'onvif-secret' });
    expect(secrets.openStreamCredentials(both)).toEqual({ username: 'viewer', password: 'rtsp-secret' });
  });

  it('leaves alone what is left out, and clears what is null', () => {
    const input = {
      onvif,
      rtspUrl: 'rtsp://192.168.1.10/a',
      username: 'viewer',
      password: 'rtsp-secret',
      preRollSec: 5,
    };
    const before = created(input);
    const same = changed(input, {});
    expect(secrets.openStreamCredentials(same)).toEqual(secrets.openStreamCredentials(before));
    expect(same).toMatchObject({ name: 'Front door', preRollSec: 5, onvifHost: '192.168.1.10', onvifPort: 80 });
    expect(changed(input, { username: null })).toMatchObject({ rtspUsername: null, rtspPasswordSealed: null });
    expect(changed(input, { password: null })).toMatchObject({ rtspUsername: 'viewer', rtspPasswordSealed: null });
    expect(changed(input, { onvif: { password: null } })).toMatchObject({
      onvifUsername: 'admin',
      onvifPasswordSealed: null,
    });
    expect(changed(input, { onvif: { username: null } })).toMatchObject({
      onvifUsername: null,
      onvifPasswordSealed: null,
    });
    expect(changed(input, { onvif: null })).toMatchObject({ onvifHost: null, onvifPort: null, onvifUsername: null });
    expect(changed(input, { rtspUrl: null }).rtspUrl).toBeNull();
    expect(changed(input, { onvif: { port: 8080 } })).toMatchObject({ onvifHost: '192.168.1.10', onvifPort: 8080 });
  });

  it.each<[string, () => unknown, string]>([
    ['no source', () => created({}), 'onvif or rtspUrl is needed'],
    ['a source taken away', () => changed({ onvif }, { onvif: null }), 'onvif or rtspUrl is needed'],
    [
      'an ONVIF device without host',
      () => changed({ rtspUrl: 'rtsp://h/' }, { onvif: { port: 80 } }),
      'onvif.host is needed',
    ],
    [
      'an ONVIF device without port',
      () => changed({ rtspUrl: 'rtsp://h/' }, { onvif: { host: 'h' } }),
      'onvif.port is needed',
    ],
    ['a password without user', () => created({ rtspUrl: 'rtsp://h/', password: 'x' }), 'password needs username'],
    [
      'an ONVIF password without user',
      () => created({ onvif: { host: 'h', port: 80, password: 'x' } }),
      'onvif.password needs onvif.username',
    ],
  ])('refuses %s', (_what, act, message) => {
    expect(act).toThrow(
      expect.objectContaining({ code: 'REQUEST.INVALID', message: expect.stringContaining(message) }),
    );
  });

  it('refuses credentials that are too long for FFmpeg', () => {
    const tooLong = expect.objectContaining({ code: 'CAMERA.CREDENTIALS_TOO_LONG' });
    expect(() => created({ rtspUrl: 'rtsp://h/', username: 'me', password: '%'.repeat(60) })).toThrow(tooLong);
    expect(() => created({ onvif: { ...onvif, password: '%'.repeat(60) } })).toThrow(tooLong);
    expect(() =>
      created({ onvif: { ...onvif, password: '%'.repeat(60) }, username: 'viewer', password: 'x' }),
    ).not.toThrow();
  });

  it('keeps event types in upper case, once each', () => {
    expect(created({ rtspUrl: 'rtsp://h/', recordOn: ['motion', 'Doorbell', 'MOTION'] }).recordOn).toEqual([
      'MOTION',
      'DOORBELL',
    ]);
    expect(created({ rtspUrl: 'rtsp://h/' }).recordOn).toEqual(['MOTION']);
    expect(created({ rtspUrl: 'rtsp://h/', recordOn: [] }).recordOn).toEqual([]);
  });

  it('can give new passwords to a camera whose key is lost', () => {
    const camera = created({ onvif });
    const other = secretsWith(randomBytes(32));
    expect(() => other.openOnvifCredentials(camera)).toThrow(/another CREDENTIALS_KEY/);
    applyChanges(camera, { name: 'Back door' }, other);
    applyChanges(camera, { onvif: { password: 'new-secret' } }, other);
    expect(other.openOnvifCredentials(camera)).toEqual({ username: 'admin', password: 'new-secret' });
  });
});
