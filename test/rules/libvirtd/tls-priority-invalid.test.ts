import rule from '../../../rules/libvirtd/tls-priority-invalid.ts';
import { unknown } from '../../../src/facts/fact.ts';
import {
  aClient,
  aServer,
  configuration,
  facts,
  having,
  installed,
  settings,
  type Change,
} from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const conf = '/etc/libvirt/libvirtd.conf';
const set = (tls_priority: string, ...more: readonly Change[]) =>
  facts(aServer, ...more, settings(conf, { tls_priority }));
const withoutGnutls: Change = (built) => {
  const { gnutls: _, ...software } = built.software;
  return having({ software })(built);
};

testRule(rule, {
  pass: [
    { name: 'a keyword', facts: set('NORMAL') },
    { name: 'elements', facts: set('NORMAL:-VERS-TLS1.0:-VERS-TLS1.1:%SERVER_PRECEDENCE') },
    { name: 'an option of this version', facts: set('NORMAL:%NO_STATUS_REQUEST') },
  ],
  fail: [
    {
      name: 'a word of OpenSSL',
      facts: set('HIGH:!aNULL'),
      violations: [
        {
          messageId: 'element',
          data: { element: 'HIGH' },
          subject: { path: conf, key: 'tls_priority', line: 1 } as never,
          fix: { applicability: 'unsafe', steps: [{ kind: 'unset', key: 'tls_priority', line: 1 }, {}] },
        },
      ],
    },
    { name: 'an empty string', facts: set(''), violations: [{ messageId: 'element', data: { element: '' } }] },
    { name: 'no version is left', facts: set('NORMAL:-VERS-ALL'), violations: [{ messageId: 'nothing' }] },
    {
      name: 'an option of a later version',
      facts: facts(
        aServer,
        having({ software: { installed: ['libvirtd'], gnutls: { version: '3.7.9-2+deb12u3', source: 'dpkg' } } }),
        settings(conf, { tls_priority: 'NORMAL:%NO_STATUS_REQUEST' }),
      ),
      violations: [{ messageId: 'element', data: { element: '%NO_STATUS_REQUEST' } }],
    },
    {
      name: 'a client',
      facts: facts(aClient, settings('/etc/libvirt/libvirt.conf', { tls_priority: 'NORMAL:' })),
      violations: [{ messageId: 'element', data: { reader: 'clients of root' }, fix: { steps: [{ kind: 'unset' }] } }],
    },
  ],
  notApplicable: [
    { name: 'not set', facts: facts(aServer) },
    { name: 'no TLS', facts: facts(installed('libvirtd'), settings(conf, { tls_priority: 'HIGH' })) },
    { name: 'of another type', facts: facts(aServer, settings(conf, { tls_priority: 1 })) },
    {
      name: 'a configuration that does not parse',
      facts: facts(
        aServer,
        configuration(conf, { settings: [], error: { expected: 'expecting a value', line: 1, column: 1 } }),
      ),
    },
  ],
  unknown: [
    { name: 'the system’s keyword', facts: set('@LIBVIRT,SYSTEM:-VERS-TLS1.1'), reason: 'not-collected' },
    {
      name: 'the version decides and is not known',
      facts: set('NORMAL:%NO_STATUS_REQUEST', withoutGnutls),
      reason: 'not-collected',
    },
    {
      name: 'a closed configuration',
      facts: facts(aServer, configuration(conf, unknown('permission-denied', 'closed'))),
      reason: 'permission-denied',
    },
  ],
});
