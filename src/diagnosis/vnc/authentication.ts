import type { Known } from '../../facts/facts.ts';
import type { VncDisplay } from '../../facts/qemu-processes.ts';
import { consoleMechanisms } from '../../domain/console-mechanisms.ts';
import { installedMechanisms } from '../../domain/sasl-client.ts';
import { cannotTell, pass, warning, type Take } from '../step.ts';
import { displayOf, noDisplay } from './display.ts';
import { step, vncServerFacts } from './question.ts';

/** A question to a person, where none is there. */
export const nobodyToAsk = (message: string, clientText?: string): Take => ({
  outcome: 'fail',
  message: `${message}, and the client has nobody to ask`,
  ...(clientText === undefined ? {} : { clientText }),
  failure: {
    side: 'client',
    why: 'it takes no name and no password, and has no window that could ask',
    rules: [],
    fix: {
      title: 'Open the console with a client that asks',
      applicability: 'manual',
      steps: [{ kind: 'manual', instruction: 'remote-viewer and virt-viewer ask for name and password' }],
    },
  },
});

export const authenticates = step({
  stage: 'auth',
  side: 'client',
  question: 'Does authentication succeed?',
  source:
    'gtk-vnc src/vncconnection.c: vnc_connection_perform_auth; QEMU ui/vnc.c: vnc_connect, vnc_display_setup_auth; ui/vnc-auth-sasl.c',
  needs: { server: [...vncServerFacts, 'saslConfigurations', 'saslPlugins'] },
  take(question, { server }) {
    const display = displayOf(question, server);
    if (display === undefined) return noDisplay;
    const asksNobody = question.application === 'gvnccapture';
    if (display.connections === 0) return turnedAway('connections=0 lets nobody in', ['qemu-argument-invalid']);
    switch (display.authentication) {
      case 'none':
        // It asks to be alone, which virt-viewer does not.
        return asksNobody && display.share === 'force-shared'
          ? turnedAway(
              'share=force-shared turns away whoever wants the display for himself',
              [],
              display.tls.type !== 'none',
            )
          : pass('nothing more is asked');
      case 'vnc-password':
        return asksNobody
          ? nobodyToAsk('a VNC password is asked for')
          : cannotTell('a VNC password is asked for; whether it is right only its owner knows');
      case 'sasl':
        return saslLogin(display, server, asksNobody);
    }
  },
});

/** A closed socket is an error to TLS, and an end without it. */
const turnedAway = (message: string, rules: readonly string[], isEncrypted = false): Take => ({
  outcome: 'fail',
  message,
  clientText: isEncrypted ? 'Unable to read from server' : 'Server closed the connection',
  failure: { side: 'server', why: message, rules },
});

/** What becomes of a SASL login, by the files of the server. */
function saslLogin(display: VncDisplay, facts: Known<'saslConfigurations' | 'saslPlugins'>, asksNobody: boolean): Take {
  const named = consoleMechanisms(facts);
  const installed = installedMechanisms(facts).mechanisms;
  const listed = named.length === 0 ? installed : installed.filter(({ name }) => named.includes(name.toLowerCase()));
  const text = named.length === 0 ? 'all that is installed' : named.join(', ');
  const tls = display.tls.type === 'unresolved' ? 'none' : display.tls.type;
  if (listed.length === 0)
    return noLogin(
      `SASL offers ${text}, of which nothing is installed`,
      tls === 'none' ? 'Server closed the connection' : 'Unable to read from server',
    );
  const usable =
    tls === 'x509'
      ? listed
      : listed.filter(
          ({ isAnonymous, isPlaintext, maximumSsf }) => !isAnonymous && !isPlaintext && maximumSsf >= minimumSsf,
        );
  return saslTake({ tls, text, mechanisms: usable.map(({ name }) => name) }, asksNobody);
}

const noLogin = (message: string, clientText: string): Take => ({
  outcome: 'fail',
  message,
  clientText,
  failure: {
    side: 'server',
    why: message,
    rules: ['sasl-mechanism-not-installed', 'sasl-mechanism-unusable', 'sasl-mechanism-without-encryption'],
  },
});

/** SASL as a display offers it: inside which TLS, in words, and the mechanisms that QEMU lists to a client. */
export interface OfferedSasl {
  readonly tls: 'none' | 'anonymous' | 'x509';
  readonly text: string;
  readonly mechanisms: readonly string[];
}

/**
 * What a client makes of a list of mechanisms. Without X.509 QEMU asks of SASL that it encrypts, and lists no others; gtk-vnc asks that
 * only where there is no TLS at all, so that over anonymous TLS the two cannot agree on a layer.
 */
export function saslTake({ tls, text, mechanisms }: OfferedSasl, asksNobody: boolean): Take {
  if (mechanisms.length === 0)
    return noLogin(
      `SASL offers ${text}, none of which ${tls === 'x509' ? 'can be used' : 'encrypts, as QEMU demands without certificates'}`,
      'Failed to start SASL negotiation: -4 (SASL(-4): no mechanism available: )',
    );
  if (mechanisms.every((name) => name === 'ANONYMOUS'))
    return warning('SASL offers ANONYMOUS, which lets everybody in', 'sasl-mechanisms-unrestricted');
  if (tls === 'anonymous')
    return noLogin(
      `SASL is to encrypt (${text}) what anonymous TLS encrypts already, and the client does not want both`,
      `Failed SASL step: -1 (SASL(-1): generic failure: Server doesn't support "no layer")`,
    );
  return asksNobody
    ? nobodyToAsk(`SASL asks for a login (${text})`, 'Failed to collect auth credentials')
    : cannotTell(`SASL asks for a login (${text}); whether it is right only its owner knows`);
}

/** What QEMU asks of SASL without X.509, in bits (vnc-auth-sasl.c: start_auth_sasl). */
const minimumSsf = 56;
