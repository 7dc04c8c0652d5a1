import type { Prediction } from '../diagnosis.ts';

/** What comes of a URI, or a client configuration, that the client itself refuses: nothing is dialled. */
export const refusedOpening = ({ error, path }: { readonly error: string; readonly path?: string }): Prediction => ({
  verdict: 'fails',
  stage: 'client-credentials',
  clientError: error,
  serverError: null,
  steps: [
    {
      stage: 'client-credentials',
      side: 'client',
      question: 'Does the client take its configuration and the URI?',
      outcome: 'fail',
      message: `it refuses ${path ?? 'the URI'}: ${error}`,
      source:
        'libvirt src/libvirt.c: virConnectOpenInternal; src/remote/remote_driver.c: doRemoteOpen; src/util/virconf.c',
    },
  ],
  failure: {
    side: 'client',
    why: 'the client reads its configuration and the URI before it does anything else',
    rules: ['configuration-syntax-error', 'configuration-value-invalid'],
    ...(path === undefined ? {} : { path }),
    ...(path === undefined
      ? {
          fix: {
            title: 'Correct the URI',
            applicability: 'manual',
            steps: [
              {
                kind: 'manual',
                instruction:
                  'A remote URI is driver+transport://[user@]host[:port]/path?parameter=value, with transport tls, tcp, ssh, unix, ext, libssh or libssh2; no_verify, no_sanity and no_tty take 0 or 1 (https://libvirt.org/uri.html#remote-uris)',
              },
            ],
          },
        }
      : {}),
  },
});
